"""The life of one worker process."""

import sys

from .. import probe
from ..items import runner_of
from ..links import die_with_parent, link_of
from ..parent_memory import read_parent_memory
from ..protocol import ERROR, ITEMS, ITERATION, READY, REPORT, WARM, WIRE, describe, now
from ..tasks import the_task
from ..topology import PartContext


def worker_main(order, worker, ends):
    """A worker process's whole life."""
    WIRE.forget()
    die_with_parent()
    receive, send = link_of(order).open(ends)
    try:
        if order.switch_interval:
            sys.setswitchinterval(order.switch_interval / 1e9)
        runner = runner_of(order, the_task(order), worker)
        hand = {part: PartContext() for part in order.parts_of(worker)}
        read_parent_memory(order)
        runner.touch_global()
        send((READY, now()))
        while True:
            kind, body = receive()
            if kind == ITEMS and order.plain:
                send((ITEMS, [(item, 0, runner.run(value)) for item, value in body]))
            elif kind == ITEMS:
                send((ITEMS, [runner.answer(item, request) for item, request in body]))
            elif kind == ITERATION:
                send((ITERATION, play_iteration(runner, hand, body)))
            elif kind == WARM:
                runner.warm_up(body)
                send((WARM, (runner.first_item, runner.warm_time)))
            else:
                send((REPORT, (runner.before, probe.GLOBAL)))
                return
    except BaseException as error:
        # What ends the process ends it; that is told beside, since its exit code would not say it.
        try:
            send((ERROR, describe(error)))
        except Exception:
            pass
        raise


def play_iteration(runner, hand, told):
    """Plays a worker's parts of an iteration, with what they are told, their requests, and letters to them. Gives the answers,
    and letters from them to parts of others: every payload in the third place, as those of what is told are in the second.
    Letters among the worker's own parts stay here."""
    answers, letters, here = [], [], []
    requests, received = told[1 : 1 + len(hand)], told[1 + len(hand) :]
    for turn in hand.values():
        turn.told, turn.received, turn.sent, turn.here = told[0][1], turn.here, [], []
    for receiver, letter, sender in received:
        hand[receiver].received.append((sender, letter))
    for turn in hand.values():
        turn.received.sort(key=lambda letter: letter[0])
    for (part, turn), (item, request) in zip(hand.items(), requests):
        runner.turn = turn
        answers.append(runner.answer(item, request))
        for receiver, letter in turn.sent:
            if receiver in hand:
                here.append((receiver, part, letter))
            else:
                letters.append((part, receiver, letter))
    for receiver, sender, letter in here:
        hand[receiver].here.append((sender, letter))
    return answers + letters
