"""Replication jobs in SimPy: the work of work.rs as timeouts with callbacks, SimPy's leanest form.

Lengths are of the same law as in work.rs, drawn by Python's own generator. Arguments: groups, pairs of each, operations of
each before it rests (0: for ever). Each line of input is a number of events to have dispatched since the beginning; the
answer is a line: events, operations, instant in microseconds, and the seconds of processor time that it took.
"""

import random
import sys
import time

import simpy

OPEN, CLOSE, MEAN, SPREAD = 1e6, 3e6, 60e6, 316e6


def main():
    groups, pairs, rests = (int(argument) for argument in sys.argv[1:4])
    rests = rests or sys.maxsize
    env = simpy.Environment()
    draw = random.Random(1)
    exponential, rate, timeout = draw.expovariate, 1 / MEAN, env.timeout
    left, turn, busy = [0] * groups, [0] * groups, [False] * (groups * pairs)
    operations = 0

    def opens(event):
        group = event.value
        left[group] = pairs
        for pair in range(group * pairs, (group + 1) * pairs):
            busy[pair] = True
            timeout(exponential(rate), pair).callbacks.append(ends)

    def ends(event):
        pair = event.value
        busy[pair] = False
        group = pair // pairs
        left[group] -= 1
        if left[group] == 0:
            timeout(CLOSE, group).callbacks.append(closes)

    def closes(event):
        nonlocal operations
        group = event.value
        operations += 1
        turn[group] += 1
        if turn[group] < rests:
            timeout(OPEN, group).callbacks.append(opens)

    for group in range(groups):
        timeout(draw.uniform(0, SPREAD) + OPEN, group).callbacks.append(opens)
    events = 0
    print("ready", simpy.__version__, flush=True)
    for line in sys.stdin:
        # Every event is one timeout, so steps count events.
        step = env.step
        begun = time.process_time()
        try:
            while events < int(line):
                goal = int(line) - events
                for done in range(goal):
                    step()
                events += goal
        except simpy.core.EmptySchedule:
            events += done
        print(events, operations, int(env.now), time.process_time() - begun, flush=True)


main()
