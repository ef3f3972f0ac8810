"""Voices of many short windows -> who speaks in each; the number of speakers may be given.

Used by the programs that compute the voices, in whatever Python they run: it needs numpy alone and
imports nothing of llasa. Spectral clustering finds the speakers, among at most `MOST_POINTS`
windows, so that a recording of hours takes no more memory than one of minutes. Then every window
goes to the nearest speaker, where changing the speaker has a price: people seldom speak for less
than a second.
"""

from __future__ import annotations

from typing import Any

import numpy

MOST_POINTS = 1_000  # of the matrix whose eigenvectors are computed
NEIGHBOURS = 0.02  # share of the others that a point is joined with
LEAST_NEIGHBOURS = 6
SMALLEST = 4  # windows; a speaker with fewer is none, unless the number is given
ALIKE = 0.9  # cosine of two speakers that are one, unless the number is given
SHARPNESS = 12.0  # of the cosines, as scores
CHANGE = 3.0  # what it costs to change the speaker, in the same scores
ROUNDS = 4
TRIES = 8  # of k-means; the best one counts
STEPS = 50  # of each try, at most

Array = Any


def speakers(voices: Array, *, least: int, most: int) -> tuple[Array, Array]:
    """Return the speaker of each window, from 0, and how sure that is, from 0 to 1.

    `voices` has a row for each window, in the order of time.
    """
    points = _unit(numpy.asarray(voices, dtype=numpy.float64))
    count = len(points)
    if count == 0:
        return numpy.zeros(0, int), numpy.zeros(0)
    most = max(1, min(most, count))
    least = min(least, most)
    if most == 1 or count < 2 * LEAST_NEIGHBOURS:
        labels = numpy.zeros(count, int) if least == 1 else _kmeans(points, least)
    else:
        labels = _spectral(points, least, most)
    labels = _merged(points, labels, least)
    return _settled(points, labels)


def _spectral(points: Array, least: int, most: int) -> Array:
    """Return labels by the eigenvectors of the graph of neighbours."""
    # Windows overlap, so of a long recording every n-th one says nearly as much.
    chosen = points[:: -(-len(points) // MOST_POINTS)]
    near = chosen @ chosen.T
    keep = max(LEAST_NEIGHBOURS, int(NEIGHBOURS * len(chosen)))
    cut = numpy.sort(near, axis=1)[:, -min(keep + 1, len(chosen))]
    near = numpy.where(near >= cut[:, None], near, 0.0)
    near = (near + near.T) / 2
    numpy.fill_diagonal(near, 0.0)
    near = numpy.maximum(near, 0.0)
    laplacian = numpy.diag(near.sum(axis=1)) - near
    values, vectors = numpy.linalg.eigh(laplacian)
    gaps = numpy.diff(values[least - 1 : most + 1])
    number = least + int(numpy.argmax(gaps)) if len(gaps) else least
    labels = _kmeans(vectors[:, :number], number)
    if len(chosen) == len(points):
        return labels
    nearest: Array = (points @ _unit(_means(chosen, labels)).T).argmax(axis=1)
    return nearest


def _merged(points: Array, labels: Array, least: int) -> Array:
    """Give tiny speakers to the nearest one, and join those that are alike; keep `least`."""
    while True:
        names, labels, sizes = numpy.unique(labels, return_inverse=True, return_counts=True)
        if len(names) <= least:
            return labels
        centres = _unit(_means(points, labels))
        near = centres @ centres.T
        numpy.fill_diagonal(near, -1.0)
        small = int(numpy.argmin(sizes))
        one, other = (int(n) for n in numpy.unravel_index(numpy.argmax(near), near.shape))
        if sizes[small] < SMALLEST:
            one, other = int(numpy.argmax(near[small])), small
        elif near[one, other] < ALIKE:
            return labels
        labels = numpy.where(labels == other, one, labels)


def _settled(points: Array, labels: Array) -> tuple[Array, Array]:
    """Move each window to the speaker that fits it and its neighbours best."""
    number = int(labels.max()) + 1
    if number == 1:
        return labels, numpy.ones(len(labels))
    for _ in range(ROUNDS):
        scores = SHARPNESS * points @ _unit(_means(points, labels)).T
        moved = _best_path(scores)
        if len(numpy.unique(moved)) < number or (moved == labels).all():
            break
        labels = moved
    scores = SHARPNESS * points @ _unit(_means(points, labels)).T
    scores -= scores.max(axis=1, keepdims=True)
    shares = numpy.exp(scores)
    sure = shares[numpy.arange(len(labels)), labels] / shares.sum(axis=1)
    return labels, sure


def _best_path(scores: Array) -> Array:
    """Return the labels with the highest sum of scores less the price of all changes."""
    count, number = scores.shape
    total, came = scores[0].copy(), numpy.zeros((count, number), int)
    for place in range(1, count):
        best = int(numpy.argmax(total))
        stay = total >= total[best] - CHANGE
        came[place] = numpy.where(stay, numpy.arange(number), best)
        total = numpy.where(stay, total, total[best] - CHANGE) + scores[place]
    path = numpy.zeros(count, int)
    path[-1] = int(numpy.argmax(total))
    for place in range(count - 1, 0, -1):
        path[place - 1] = came[place, path[place]]
    return path


def _kmeans(points: Array, number: int) -> Array:
    """Return labels by k-means from spread-out beginnings; the same for the same points."""
    number = min(number, len(points))
    best: tuple[float, Array] | None = None
    for seed in range(TRIES):
        chance = numpy.random.default_rng(seed)
        centres = _spread(points, number, chance)
        labels = numpy.full(len(points), -1)
        for _ in range(STEPS):
            far = (centres**2).sum(axis=1)[None, :] - 2 * points @ centres.T
            moved = far.argmin(axis=1)
            if (moved == labels).all():
                break
            labels = moved
            there = numpy.bincount(labels, minlength=number) > 0
            centres[there] = _means(points, labels, number)[there]
        cost = float(((points - centres[labels]) ** 2).sum())
        if best is None or cost < best[0]:
            best = cost, labels
    assert best is not None
    return best[1]


def _spread(points: Array, number: int, chance: Array) -> Array:
    """Return points that are far from each other (k-means++)."""
    centres = [points[int(chance.integers(len(points)))]]
    far = ((points - centres[0]) ** 2).sum(axis=1)
    while len(centres) < number:
        total = far.sum()
        shares = far / total if total > 0 else None
        centres.append(points[int(chance.choice(len(points), p=shares))])
        far = numpy.minimum(far, ((points - centres[-1]) ** 2).sum(axis=1))
    return numpy.array(centres)


def _means(points: Array, labels: Array, number: int | None = None) -> Array:
    number = int(labels.max()) + 1 if number is None else number
    sums = numpy.zeros((number, points.shape[1]))
    numpy.add.at(sums, labels, points)
    return sums / numpy.maximum(numpy.bincount(labels, minlength=number), 1)[:, None]


def _unit(points: Array) -> Array:
    lengths = numpy.linalg.norm(points, axis=1, keepdims=True)
    return points / numpy.maximum(lengths, 1e-12)
