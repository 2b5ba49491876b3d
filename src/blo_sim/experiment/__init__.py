"""From worlds to answers: evaluators, replications, paired comparisons, the ledger, one story."""
