/* M/M/c queues on one binary heap of events, as a careful C programmer would write them first.
 *
 * Usage: heap HOURS SEED < queues
 * Reads servers, arrivals an hour and mean service in hours of each queue, a line each. Prints CPU seconds,
 * then customers and mean wait in hours of each queue.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
    double time;
    int queue;
    int departure;
} Event;

typedef struct {
    double *arrived, gap, service;
    size_t size, first, count;
    int servers, busy;
    uint64_t served;
    double waited;
} Queue;

static Event *heap;
static size_t events;
static uint64_t state;

static double exponential(double mean)
{
    uint64_t z = (state += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    z ^= z >> 31;
    return -mean * log(((double)(z >> 12) + 0.5) / 4503599627370496.0);
}

static void push(double time, int queue, int departure)
{
    size_t at = events++;
    while (at && heap[(at - 1) / 2].time > time) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = (Event){time, queue, departure};
}

static Event pop(void)
{
    Event top = heap[0], last = heap[--events];
    size_t at = 0, child;
    while ((child = 2 * at + 1) < events) {
        if (child + 1 < events && heap[child + 1].time < heap[child].time)
            child++;
        if (heap[child].time >= last.time)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return top;
}

static void line_up(Queue *queue, double now)
{
    if (queue->count == queue->size) {
        double *larger = malloc(2 * queue->size * sizeof *larger);
        if (!larger)
            exit(1);
        for (size_t i = 0; i < queue->count; i++)
            larger[i] = queue->arrived[(queue->first + i) % queue->size];
        free(queue->arrived);
        queue->arrived = larger;
        queue->first = 0;
        queue->size *= 2;
    }
    queue->arrived[(queue->first + queue->count++) % queue->size] = now;
}

static Queue *read_queues(int *count, size_t *places)
{
    Queue *all = NULL, read = {.size = 64};
    double arrivals;
    for (*count = 0, *places = 0; scanf("%d %lf %lf", &read.servers, &arrivals, &read.service) == 3; ++*count) {
        read.gap = 1.0 / arrivals;
        read.arrived = malloc(read.size * sizeof *read.arrived);
        all = realloc(all, (size_t)(*count + 1) * sizeof *all);
        if (!all || !read.arrived)
            exit(1);
        all[*count] = read;
        *places += (size_t)read.servers + 1;
    }
    return all;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    double end = atof(argv[1]);
    state = strtoull(argv[2], NULL, 10);
    int queues;
    size_t places;
    Queue *all = read_queues(&queues, &places);
    heap = malloc(places * sizeof *heap);
    if (!queues || !heap)
        return 1;
    clock_t started = clock();
    for (int i = 0; i < queues; i++)
        push(exponential(all[i].gap), i, 0);
    while (heap[0].time < end) {
        Event now = pop();
        Queue *queue = &all[now.queue];
        if (now.departure) {
            if (queue->count) {
                queue->waited += now.time - queue->arrived[queue->first];
                queue->first = (queue->first + 1) % queue->size;
                queue->count--;
                queue->served++;
                push(now.time + exponential(queue->service), now.queue, 1);
            } else {
                queue->busy--;
            }
            continue;
        }
        push(now.time + exponential(queue->gap), now.queue, 0);
        if (queue->busy < queue->servers) {
            queue->busy++;
            queue->served++;
            push(now.time + exponential(queue->service), now.queue, 1);
        } else {
            line_up(queue, now.time);
        }
    }
    printf("%.6f\n", (double)(clock() - started) / CLOCKS_PER_SEC);
    for (int i = 0; i < queues; i++)
        printf("%llu %.9f\n", (unsigned long long)all[i].served, all[i].served ? all[i].waited / (double)all[i].served : 0.0);
    return 0;
}
