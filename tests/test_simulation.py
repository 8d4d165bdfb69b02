"""The model that ``benchmarks.simulation`` believes: nothing is lost or made in it, and its figures add up."""

from dataclasses import replace
from itertools import pairwise
from math import ceil

import pytest

from benchmarks.cluster import Cost, Costs, Scene, simulate
from gateway.domain.fanout import next_page

FIXED = Costs(
    intake=Cost((0.004,)),
    direct=Cost((0.006,)),
    page=Cost((0.003,), 6e-6),
    claim=Cost((0.005,), 50e-6),
    in_vain=Cost((0.003,)),
    call=Cost((0.002,)),
    settle=Cost((0.003,), 40e-6),
)
"""Seconds, about those of a small machine, the same each time."""

FAST = 400.0


@pytest.mark.parametrize("partitions", [1, 2, 8])
@pytest.mark.parametrize("daemons", [1, 3])
def test_all_that_is_queued_is_sent_once(partitions: int, daemons: int) -> None:
    scene = Scene(
        followers=3_001, partitions=partitions, daemons=daemons, pace=FAST, directs=2, posts=0.5, readers=30, alone=1
    )
    story = simulate(scene, FIXED, seed=1)
    others = story.queued - scene.followers - len(story.directs) - len(story.before)
    assert story.sent == story.queued
    assert story.left == 0
    assert others % scene.readers == 0
    assert story.directs


def test_a_scene_that_is_left_early_says_what_waits_and_when_it_will_be_sent() -> None:
    whole = simulate(Scene(followers=30_000, pace=FAST), FIXED, seed=1)
    early = simulate(Scene(followers=30_000, pace=FAST, linger=10), FIXED, seed=1)
    assert 0 < early.left < 30_000
    assert early.sent + early.left == 30_000
    assert early.queued_in == whole.queued_in
    assert early.sent_in == pytest.approx(whole.sent_in, rel=0.02)


@pytest.mark.parametrize("followers", [1_000, 20_000, 1_000_000])
def test_more_partitions_are_never_slower(followers: int) -> None:
    stories = [
        simulate(Scene(followers=followers, partitions=parts, pace=50, linger=2), FIXED, seed=1)
        for parts in (1, 2, 4, 16)
    ]
    for fewer, more in pairwise(stories):
        assert more.queued_in <= fewer.queued_in
        assert more.sent_in <= fewer.sent_in * 1.02


def test_fan_out_takes_what_its_pages_take() -> None:
    done, expected = 0, FIXED.intake.samples[0]
    while done < 100_000:
        size = min(next_page(done).size, 100_000 - done)
        expected += FIXED.page.samples[0] + size * FIXED.page.each
        done += size
    story = simulate(Scene(followers=100_000, pace=10, cores=4, linger=1), FIXED, seed=1)
    assert story.queued_in == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("daemons", [1, 2, 4])
def test_the_pace_is_kept_and_used_however_many_daemons_share_it(daemons: int) -> None:
    story = simulate(Scene(followers=2_000, daemons=daemons, pace=20), FIXED, seed=1)
    assert story.sent_in == pytest.approx(2_000 / 20, rel=0.02)


def test_a_direct_message_does_not_wait_for_the_queue() -> None:
    story = simulate(Scene(followers=1_000_000, pace=100, directs=2, alone=20, linger=30), FIXED, seed=1)
    alone = sorted(story.before)[len(story.before) // 2]
    meanwhile = sorted(story.directs)[len(story.directs) // 2]
    least = FIXED.direct.samples[0] + FIXED.claim.samples[0] + FIXED.call.samples[0] / 2
    assert alone == pytest.approx(least, rel=0.2)
    assert meanwhile < 10 * alone
    assert story.deepest > 900_000


def test_a_database_that_is_too_slow_for_the_pace_sets_the_rate_itself() -> None:
    slow = replace(FIXED, claim=Cost((0.0,), 0.05))
    story = simulate(Scene(followers=2_000, pace=100, cores=1), slow, seed=1)
    assert story.rate < 1 / 0.05
    assert ceil(story.sent_in) > 2_000 / 100


def test_the_same_seed_tells_the_same_story_and_another_one_another() -> None:
    scene = Scene(followers=2_000, partitions=4, pace=FAST, directs=5, posts=1)
    assert simulate(scene, FIXED, seed=1) == simulate(scene, FIXED, seed=1)
    assert simulate(scene, FIXED, seed=1) != simulate(scene, FIXED, seed=2)
