"""All compiled code: lanes and search bays of posts, advanced lazily to the present.

The rules (docs/model.md, "At a post") in short. Lanes are first come first served: the head of the
queue starts at the first instant when fewer vehicles are in service than lanes are open; a lane that
closes finishes its vehicle. A vehicle's start is final on arrival. Referred lawful vehicles go on to the
bay, where lookouts go ahead of routine vehicles and never stop a search. A lookout's start is final on
entry; a routine vehicle is committed only when its start is not after the present.

At one instant: shift changes, departures (and the starts that they allow), lawful arrivals by lane
group and number, then live arrivals in the order in which they are put in.

A vehicle in the bay is one integer: ``group * 2^40 + number`` for lawful ones, ``-1 - id`` for live ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, typeof

from blo_sim.draws import CONSTANT, EXPONENTIAL, LOGNORMAL
from blo_sim.model.border.records import BLOCK, HOURS, LIVE, NEVER, PENDING, QUEUE, SERVERS

# Division as numpy has it: a check for zero would keep the drawing loops from being vectorised.
compiled = njit(cache=True, error_model="numpy")
inlined = njit(cache=True, error_model="numpy", inline="always")

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_ONE = np.uint64(1)
_FOUR = np.uint64(4)
_TO_UNIT = 1.0 / 4503599627370496.0
_PER_HOUR = 4294967296.0
_TICK = 1.0 / 4294967296.0
_ROOT_HALF = np.int64(0x3FE6A09E667F3BCD)  # the bits of the root of a half
_LOG_2_HIGH, _LOG_2_LOW = 6.93147180369123816490e-1, 1.90821492927058770002e-10
_NUMBER = np.int64(1) << 40
OVERFLOW = -np.inf
_CHUNK = np.int64(12) << 32
_LAG = np.int64(24) << 32

# Decisions of one lawful vehicle: word 4 * number + decision of its group's key.
_GAP, _SERVICE, _REFERRAL, _SEARCH = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(3)


@inlined
def _word(key, n):  # type: ignore[no-untyped-def]
    z = key + (n + _ONE) * _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return z ^ (z >> np.uint64(31))


@inlined
def _uniform(key, n):  # type: ignore[no-untyped-def]
    return (np.float64(_word(key, n) >> np.uint64(12)) + 0.5) * _TO_UNIT


@compiled
def _tail(q, u):  # type: ignore[no-untyped-def]
    r = u if q <= 0.0 else 1.0 - u
    r = math.sqrt(-math.log(r))
    if r <= 5.0:
        r = r - 1.6
        num = (((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r
                    + 2.41780725177450611770e-1) * r + 1.27045825245236838258e0) * r
                  + 3.64784832476320460504e0) * r + 5.76949722146069140550e0) * r
                + 4.63033784615654529590e0) * r + 1.42343711074968357734e0)
        den = (((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r
                    + 1.51986665636164571966e-2) * r + 1.48103976427480074590e-1) * r
                  + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0) * r
                + 2.05319162663775882187e0) * r + 1.0)
    else:
        r = r - 5.0
        num = (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r
                    + 1.24266094738807843860e-3) * r + 2.65321895265761230930e-2) * r
                  + 2.96560571828504891230e-1) * r + 1.78482653991729133580e0) * r
                + 5.46378491116411436990e0) * r + 6.65790464350110377720e0)
        den = (((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r
                    + 1.84631831751005468180e-5) * r + 7.86869131145613259100e-4) * r
                  + 1.48753612908506148525e-2) * r + 1.36929880922735805310e-1) * r
                + 5.99832206555887937690e-1) * r + 1.0)
    x = num / den
    return -x if q < 0.0 else x


@inlined
def _centre(q):  # type: ignore[no-untyped-def]
    """Standard normal quantile at ``0.5 + q`` for ``|q| <= 0.425``."""
    r = 0.180625 - q * q
    num = (((((((2.50908092873012267270e3 * r + 3.34305755835881281050e4) * r
                + 6.72657709270087008530e4) * r + 4.59219539315498714570e4) * r
              + 1.37316937655094611250e4) * r + 1.97159095030655144270e3) * r
            + 1.33141667891784377450e2) * r + 3.38713287279636660800e0) * q
    den = (((((((5.22649527885285456100e3 * r + 2.87290857357219426740e4) * r
                + 3.93078958000927106100e4) * r + 2.12137943015865958670e4) * r
              + 5.39419602142475110770e3) * r + 6.87187007492057908300e2) * r
            + 4.23133307016009112520e1) * r + 1.0)
    return num / den


@inlined
def _normal(u):  # type: ignore[no-untyped-def]
    """Standard normal quantile: algorithm AS 241 (Wichura 1988), as in the standard library."""
    q = u - 0.5
    return _tail(q, u) if abs(q) > 0.425 else _centre(q)


@inlined
def _ticks(hours):  # type: ignore[no-untyped-def]
    """Hours to ticks, at least one."""
    ticks = np.int64(math.floor(hours * _PER_HOUR + 0.5))
    return ticks if ticks > 0 else np.int64(1)


def entry(function: Any, *arguments: Any) -> Callable[..., Any]:
    """A compiled function for arguments of just these types, which looks at them no more.

    The look takes longer than what most calls do. Arguments of other types must not be given: an array of
    another type would be read as one of these. Uncompiled, the function is given back as it is.
    """
    if not hasattr(function, "get_overload"):
        return function  # type: ignore[no-any-return]
    types = tuple(typeof(argument) for argument in arguments)  # type: ignore[no-untyped-call]
    function.compile(types)
    return function.get_overload(types)  # type: ignore[no-any-return]


@compiled
def _uniform_of(key, n):  # type: ignore[no-untyped-def]
    return _uniform(np.uint64(key), np.uint64(n))


@inlined
def _ticks_of(key, n, kind, first, second):  # type: ignore[no-untyped-def]
    if kind == LOGNORMAL:
        first = math.exp(first + second * _normal(_uniform(np.uint64(key), np.uint64(n))))
    elif kind == EXPONENTIAL:
        first = -first * math.log(_uniform(np.uint64(key), np.uint64(n)))
    return _ticks(first)


@compiled
def _hours_of(key, n, kind, first, second):  # type: ignore[no-untyped-def]
    return np.float64(_ticks_of(key, n, kind, first, second)) * _TICK


uniform = entry(_uniform_of, np.uint64(0), 0)
"""`blo_sim.draws.uniform`, the same number in a quarter of the time."""
hours = entry(_hours_of, np.uint64(0), 0, 0, 0.0, 0.0)
"""``positive(sample(uniform(key, n), (kind, first, second)))``: on the grid, at least a tick."""


@compiled
def _exponentials(uniforms, found):  # type: ignore[no-untyped-def]
    """``-log(u)`` of ``BLOCK`` uniform numbers at once, to a unit in the last place; they are overwritten.

    The logarithm of the library takes one number a call. This one is that of FDLIBM (Sun Microsystems 1993)
    without its branches, so that a loop over it is vectorised: ``u = 2^k (1 + f)`` with ``1 + f`` about 1.
    """
    bits = uniforms.view(np.int64)
    for i in range(BLOCK):
        k = (bits[i] - _ROOT_HALF) >> 52
        bits[i] -= k << 52
        found[i] = np.float64(k)
    for i in range(BLOCK):
        f, k = uniforms[i] - 1.0, found[i]
        s = f / (2.0 + f)
        z = s * s
        half = 0.5 * f * f
        rest = z * (6.666666666666735130e-1 + z * (3.999999999940941908e-1 + z * (2.857142874366239149e-1
               + z * (2.222219843214978396e-1 + z * (1.818357216161805012e-1 + z * (1.531383769920937332e-1
               + z * 1.479819860511658591e-1))))))
        found[i] = ((half - (s * (half + rest) + k * _LOG_2_LOW)) - f) - k * _LOG_2_HIGH


@compiled
def _draw_block(group):  # type: ignore[no-untyped-def]
    """Gaps (unit exponentials) and service times of the ``BLOCK`` vehicles from ``number`` on.

    Drawn ahead in blocks, because a loop that only draws keeps the processor's pipeline full.
    """
    key, kind, first, second = group.key, group.kind, group.first, group.second
    gaps, services = group.gaps, group.services
    scratch = np.empty(BLOCK)
    four = np.uint64(group.number) * _FOUR
    for i in range(BLOCK):
        scratch[i] = _uniform(key, four + np.uint64(i) * _FOUR + _GAP)
    _exponentials(scratch, gaps)
    if kind == CONSTANT:
        services[:] = _ticks(first)
        return
    for i in range(BLOCK):
        scratch[i] = _uniform(key, four + np.uint64(i) * _FOUR + _SERVICE)
    if kind == EXPONENTIAL:
        units = np.empty(BLOCK)
        _exponentials(scratch, units)
        for i in range(BLOCK):
            services[i] = _ticks(first * units[i])
        return
    normals = np.empty(BLOCK)
    for i in range(BLOCK):
        normals[i] = _centre(scratch[i] - 0.5)
    tails, count = np.empty(BLOCK + 1, np.int64), 0
    for i in range(BLOCK):
        tails[count] = i
        count += abs(scratch[i] - 0.5) > 0.425
    for k in range(count):
        i = tails[k]
        normals[i] = _tail(scratch[i] - 0.5, scratch[i])
    for i in range(BLOCK):
        services[i] = _ticks(math.exp(first + second * normals[i]))


@inlined
def _rate(group, months, hour):  # type: ignore[no-untyped-def]
    """Lawful arrivals an hour in the given hour of the run; -1 after its last day."""
    day = hour // 24
    if day >= months.shape[0]:
        return -1.0
    return group.rate[hour % HOURS] * group.months[months[day]]


@compiled
def _next_arrival(group, months, t, rest):  # type: ignore[no-untyped-def]
    """When a unit exponential ``rest`` is spent along the hourly rates from ``t`` on."""
    while True:
        hour = t >> 32
        rate = _rate(group, months, hour)
        if rate < 0.0:
            return NEVER
        end = (hour + 1) << 32
        if rate > 0.0:
            gap = rest * (_PER_HOUR / rate) + 0.5
            if gap < np.float64(end - t):
                return t + np.int64(gap)
            rest -= np.float64(end - t) * _TICK * rate
        t = end


@inlined
def _first_start(departures, t, table, until):  # type: ignore[no-untyped-def]
    """First instant from ``t`` on at which fewer of ``departures`` lie ahead than the table allows.

    ``departures`` are the last ones, in order, as many as there can be servers; 0 for one that is still to
    come. So the n-th from the end tells when the n-th server is free (Kiefer and Wolfowitz 1955).
    """
    while True:
        hour = t >> 32
        allowed = table[hour % HOURS]
        change = (hour + until[hour % HOURS]) << 32
        if allowed > 0:
            start = max(t, departures[SERVERS - allowed])
            if start < change:
                return start
        elif until[hour % HOURS] >= HOURS:
            return NEVER
        t = change


@inlined
def _occupy(departures, servers, end):  # type: ignore[no-untyped-def]
    """Put ``end`` among the last departures, of which the first is forgotten; there is nothing to guess."""
    before = departures[SERVERS - servers]
    for i in range(SERVERS - servers + 1, SERVERS):
        after = departures[i]
        departures[i - 1] = max(before, min(after, end))
        before = after
    departures[SERVERS - 1] = max(before, end)


@compiled
def _push(post, time, vehicle):  # type: ignore[no-untyped-def]
    i = post.pending
    if i >= PENDING:
        post.overflow = 1
        return
    post.pending = i + 1
    while i > 0:
        up = (i - 1) // 2
        other = post.pending_time[up]
        if other < time or (other == time and post.pending_vehicle[up] < vehicle):
            break
        post.pending_time[i] = other
        post.pending_vehicle[i] = post.pending_vehicle[up]
        i = up
    post.pending_time[i] = time
    post.pending_vehicle[i] = vehicle


@compiled
def _pop(post):  # type: ignore[no-untyped-def]
    n = post.pending - 1
    post.pending = n
    time = post.pending_time[n]
    vehicle = post.pending_vehicle[n]
    i = 0
    while True:
        down = 2 * i + 1
        if down >= n:
            break
        right = down + 1
        if right < n and (
            post.pending_time[right] < post.pending_time[down]
            or (
                post.pending_time[right] == post.pending_time[down]
                and post.pending_vehicle[right] < post.pending_vehicle[down]
            )
        ):
            down = right
        below = post.pending_time[down]
        if time < below or (time == below and vehicle < post.pending_vehicle[down]):
            break
        post.pending_time[i] = below
        post.pending_vehicle[i] = post.pending_vehicle[down]
        i = down
    post.pending_time[i] = time
    post.pending_vehicle[i] = vehicle


@compiled
def _lanes(groups, g, post, months, until):  # type: ignore[no-untyped-def]
    """Commit the lawful arrivals of one lane group up to and including ``until``.

    This loop is nearly all of the work of a run: what it needs stands in locals, and the open lanes, the
    rate and the largest referral share are looked up only where they can have changed.
    """
    group = groups[g]
    departures, lanes, lanes_until = group.departures, group.lanes, group.lanes_until
    servers = group.servers
    key, gaps, services = group.key, group.gaps, group.services
    number, last = group.number, group.last_start
    most_referred = group.most_referred
    window_from, window_to = post.window_from, post.window_to
    passages, wait = np.int64(0), np.int64(0)
    free, free_until = np.int64(0), np.int64(-1)  # departures[free]: when a lane is free, until lanes change
    rate, gap_of_one, rate_until = 0.0, 0.0, np.int64(-1)
    arrival = group.next
    while arrival <= until:
        earliest = max(arrival, last)
        if earliest >= free_until:
            hour = earliest >> 32
            allowed = np.int64(lanes[hour % HOURS])
            free = SERVERS - max(allowed, np.int64(1))
            free_until = (hour + lanes_until[hour % HOURS]) << 32 if allowed > 0 else np.int64(-1)
        start = max(earliest, departures[free])
        if start >= free_until:
            start = _first_start(departures, earliest, lanes, lanes_until)
        end = start + services[number & (BLOCK - 1)]
        _occupy(departures, servers, end)
        last = start
        measured = window_from <= arrival < window_to
        if measured:
            passages += 1
            wait += start - arrival
        u = _uniform(key, np.uint64(number) * _FOUR + _REFERRAL)
        if u < most_referred and u < group.share[(end >> 32) % HOURS]:
            if measured:
                group.referred += 1
            _push(post, end, np.int64(g) * _NUMBER + number)
        number += 1
        if arrival >= rate_until:
            rate = _rate(group, months, arrival >> 32)
            rate_until = ((arrival >> 32) + 1) << 32
            gap_of_one = _PER_HOUR / rate if rate > 0.0 else np.inf
        if (number & (BLOCK - 1)) == 0:
            group.number = number
            _draw_block(group)
        rest = gaps[number & (BLOCK - 1)]
        gap = rest * gap_of_one + 0.5
        if gap < np.float64(rate_until - arrival):
            arrival += np.int64(gap)
        else:
            arrival = _next_arrival(group, months, arrival, rest)
    group.number, group.last_start, group.next = number, last, arrival
    group.passages += passages
    group.wait += wait


@compiled
def _search_length(groups, post, vehicle):  # type: ignore[no-untyped-def]
    group = groups[vehicle >> 40]
    u = _uniform(group.key, np.uint64(vehicle & (_NUMBER - 1)) * _FOUR + _SEARCH)
    return _ticks(math.exp(post.search_location + post.search_scale * _normal(u)))


@inlined
def _crowded(post, t):  # type: ignore[no-untyped-def]
    """Whether a routine vehicle that comes at ``t`` finds the queue full and no officer free."""
    if post.waiting < post.queue_limit:
        return False
    if post.waiting > 0:
        return True
    earliest = t if t > post.last_start else post.last_start
    start = _first_start(post.departures, earliest, post.officers, post.officers_until)
    return start > t


@compiled
def _enqueue(post, t, vehicle, search):  # type: ignore[no-untyped-def]
    slot = (post.head + post.waiting) % QUEUE
    post.queue_time[slot] = t
    post.queue_vehicle[slot] = vehicle
    post.queue_search[slot] = search
    post.waiting += 1


@compiled
def _head_start(post):  # type: ignore[no-untyped-def]
    earliest = post.queue_time[post.head]
    earliest = max(earliest, post.last_start)
    return _first_start(post.departures, earliest, post.officers, post.officers_until)


@compiled
def _begin(groups, post, start):  # type: ignore[no-untyped-def]
    """The head of the routine queue begins its search."""
    slot = post.head
    vehicle = post.queue_vehicle[slot]
    length = post.queue_search[slot] if vehicle < 0 else _search_length(groups, post, vehicle)
    _occupy(post.departures, post.servers, start + length)
    post.last_start = start
    post.head = (slot + 1) % QUEUE
    post.waiting -= 1
    if vehicle < 0:
        if post.live >= LIVE:
            post.overflow = 1
            return
        post.live_vehicle[post.live] = vehicle
        post.live_departure[post.live] = start + length
        post.live += 1
    elif post.window_from <= post.queue_time[slot] < post.window_to:
        post.searched += 1
        post.bay_wait += start - post.queue_time[slot]


@compiled
def _bay(groups, post, until):  # type: ignore[no-untyped-def]
    """Lawful arrivals at the bay and starts of routine searches, up to and including ``until``."""
    while True:
        arrival = post.pending_time[0] if post.pending > 0 else NEVER
        start = _head_start(post) if post.waiting > 0 else NEVER
        if start <= arrival and start <= until:
            _begin(groups, post, start)
        elif arrival <= until:
            vehicle = post.pending_vehicle[0]
            _pop(post)
            if _crowded(post, arrival):
                if post.window_from <= arrival < post.window_to:
                    post.released += 1
            elif post.waiting >= QUEUE:
                post.overflow = 1
                return
            else:
                _enqueue(post, arrival, vehicle, np.int64(0))
        else:
            return


@compiled
def _advance(groups, posts, p, months, until):  # type: ignore[no-untyped-def]
    post = posts[p]
    while post.now < until:
        step = min(post.now + _CHUNK, until)
        for g in range(post.first_group, post.stop_group):
            if groups[g].next <= step:
                _lanes(groups, g, post, months, step)
        _bay(groups, post, step)
        post.now = step


@compiled
def begin(groups, posts, months):  # type: ignore[no-untyped-def]
    """Draw the first lawful arrival of every lane group."""
    for g in range(groups.shape[0]):
        _draw_block(groups[g])
        groups[g].next = _next_arrival(groups[g], months, np.int64(0), groups[g].gaps[0])


@compiled
def advance(groups, posts, p, months, now):  # type: ignore[no-untyped-def]
    """Advance post ``p`` to ``now`` (hours); lawful arrivals at ``now`` are in. Nonzero: overflow."""
    _advance(groups, posts, p, months, np.int64(now * _PER_HOUR))
    return posts[p].overflow


@compiled
def unsettled(posts, p):  # type: ignore[no-untyped-def]
    """Whether a lawful vehicle that came to the bay in the measured window still waits there."""
    post = posts[p]
    for k in range(post.waiting):
        slot = (post.head + k) % QUEUE
        if post.queue_vehicle[slot] >= 0 and post.queue_time[slot] < post.window_to:
            return True
    return False


@compiled
def enter_lane(  # type: ignore[no-untyped-def]
    groups, posts, p, months, now, g, key, n, kind, first, second
):
    """A live vehicle joins lane group ``g`` at ``now``: start and end of its inspection, in hours.

    Only this group is advanced, unless the rest of the post lags far behind. ``key`` and ``n`` name the
    draw of the service time, the rest is its law. ``OVERFLOW`` twice means that a table of the post is full.
    """
    t = np.int64(now * _PER_HOUR)
    post = posts[p]
    if t - post.now > _LAG:
        _advance(groups, posts, p, months, t)
    elif groups[g].next <= t:
        _lanes(groups, g, post, months, t)
    if post.overflow:
        return OVERFLOW, OVERFLOW
    group = groups[g]
    earliest = t if t > group.last_start else group.last_start
    start = _first_start(group.departures, earliest, group.lanes, group.lanes_until)
    end = start + _ticks_of(key, n, kind, first, second)
    _occupy(group.departures, group.servers, end)
    group.last_start = start
    return np.float64(start) * _TICK, np.float64(end) * _TICK


@compiled
def releases(groups, posts, p, months, now):  # type: ignore[no-untyped-def]
    """1 if the bay would release a routine vehicle that came at ``now``, else 0; -1: overflow."""
    t = np.int64(now * _PER_HOUR)
    _advance(groups, posts, p, months, t)
    if posts[p].overflow:
        return -1
    return 1 if _crowded(posts[p], t) else 0


@compiled
def enter_bay(groups, posts, p, months, now, vehicle, lookout, search):  # type: ignore[no-untyped-def]
    """A live vehicle enters the bay at ``now``: returns its departure, or minus a tentative start (hours).

    ``vehicle`` is its id (>= 0), ``search`` its length in hours. A lookout always gets a departure.
    """
    t = np.int64(now * _PER_HOUR)
    _advance(groups, posts, p, months, t)
    post = posts[p]
    length = np.int64(search * _PER_HOUR)
    if lookout:
        earliest = t if t > post.last_start else post.last_start
        start = _first_start(post.departures, earliest, post.officers, post.officers_until)
        _occupy(post.departures, post.servers, start + length)
        post.last_start = start
        return np.float64(start + length) * _TICK
    if post.waiting >= QUEUE:
        post.overflow = 1
        return OVERFLOW
    _enqueue(post, t, np.int64(-1 - vehicle), length)
    return _ask(groups, post, t, np.int64(-1 - vehicle))


@compiled
def ask_bay(groups, posts, p, months, now, vehicle):  # type: ignore[no-untyped-def]
    """The same question again, at ``now``: departure, or minus a later tentative start (hours)."""
    t = np.int64(now * _PER_HOUR)
    _advance(groups, posts, p, months, t)
    return _ask(groups, posts[p], t, np.int64(-1 - vehicle))


@compiled
def _ask(groups, post, t, vehicle):  # type: ignore[no-untyped-def]
    _bay(groups, post, t)
    for i in range(post.live):
        if post.live_vehicle[i] == vehicle:
            departure = post.live_departure[i]
            post.live -= 1
            post.live_vehicle[i] = post.live_vehicle[post.live]
            post.live_departure[i] = post.live_departure[post.live]
            return np.float64(departure) * _TICK
    departures = post.departures.copy()
    last = post.last_start
    for k in range(post.waiting):
        slot = (post.head + k) % QUEUE
        earliest = max(post.queue_time[slot], last)
        start = _first_start(departures, earliest, post.officers, post.officers_until)
        ahead = post.queue_vehicle[slot]
        if ahead == vehicle:
            return -np.float64(start) * _TICK
        length = post.queue_search[slot] if ahead < 0 else _search_length(groups, post, ahead)
        _occupy(departures, post.servers, start + length)
        last = start
    post.overflow = 1
    return OVERFLOW
