"""One class against another: the search for a proof, and the check of what was found on the samples themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainrule.explain.deadline import Deadline
from chainrule.explain.hulls import Found, Mixture, is_mixed, search
from chainrule.explain.labelled import Labelled
from chainrule.explain.separability_record import Certificate, Division, Hyperplane
from chainrule.explain.touching import search_near
from chainrule.explain.twins import row_hashes, twins
from chainrule.explain.wide_hulls import search_wide
from chainrule.explain.widest import widened

__all__ = ["Divider"]

Points = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Features up to which a linear programme is the faster way.
_NARROW = 40


class Divider:
    """The samples, made ready once for the questions about all of their classes."""

    def __init__(self, data: Labelled) -> None:
        points = data.points
        self._data = data
        self._hashes = row_hashes(points)
        # Every feature is brought to [−1, 1], where tolerances mean the same for each; those that do not vary are left.
        smallest, largest = points.min(axis=0), points.max(axis=0)
        self._centre = smallest / 2 + largest / 2
        self._scale = largest / 2 - smallest / 2
        self._varies = self._scale > 0
        self._scaled = (points - self._centre)[:, self._varies] / self._scale[self._varies]
        self._size = np.maximum(np.maximum(np.abs(smallest), np.abs(largest)), 1e-300)

    def divide(self, label: int, negative: object, deadline: Deadline) -> Division:
        """Answer for the class at this position against all others, which are called `negative`."""
        positive = self._data.labels == label
        name = self._data.classes[label]
        found = self._search(positive, deadline)
        if found.direction is not None:
            plane = self._hyperplane(positive, found.direction, deadline)
            if plane is not None:
                return Division(negative, name, True, plane, None)
        if found.mixture is not None:
            certificate = self._certificate(found.mixture, positive)
            if certificate is not None:
                return Division(negative, name, False, None, certificate)
        return Division(negative, name, None, None, None, "limit" if deadline.passed else "precision")

    def _search(self, positive: Mask, deadline: Deadline) -> Found:
        same = twins(self._data.points, self._hashes, positive)
        if same is not None:
            one = np.ones(1)
            return Found(mixture=(same[:1], one, same[1:], one))
        first = search if self._scaled.shape[1] <= _NARROW else search_wide
        found = first(self._scaled, positive, deadline)
        if found.nothing and not deadline.passed:
            found = search_near(self._scaled, positive, deadline)
        return found

    def _certificate(self, mixture: Mixture, positive: Mask) -> Certificate | None:
        """The proof, if it is one for the samples as they came."""
        points = self._data.points
        low_rows, low_shares, high_rows, high_shares = mixture
        if positive[low_rows].any() or not positive[high_rows].all():
            return None
        if not (is_mixed(low_shares) and is_mixed(high_shares)):
            return None
        low, high = low_shares @ points[low_rows], high_shares @ points[high_rows]
        residual = np.abs(low - high)
        tolerance = 4e-15 * float(np.sqrt(2 + points.shape[1]))
        if not (residual <= tolerance * self._size).all():
            return None
        point = low / 2 + high / 2
        return Certificate(
            point=np.where(np.abs(point) < 1e-15 * self._size, 0.0, point),  # what rounding leaves of a zero
            negative_rows=low_rows,
            negative_shares=low_shares,
            negative_points=points[low_rows],
            positive_rows=high_rows,
            positive_shares=high_shares,
            positive_points=points[high_rows],
            residual=float(residual.max()),
            tolerance=tolerance,
        )

    def _hyperplane(self, positive: Mask, w: Points, deadline: Deadline) -> Hyperplane | None:
        """The hyperplane of this direction in the features' units, widened; None if doubles cannot hold it."""
        values = self._data.points
        size = float(self._scale.max())
        centred = (values - self._centre) / size
        direction = np.zeros(values.shape[1])
        direction[self._varies] = w / (self._scale[self._varies] / size)
        direction, widest = widened(centred, positive, direction / np.linalg.norm(direction), deadline)
        scores = centred @ direction
        least, most = float(scores[positive].min()), float(scores[~positive].max())
        gap = least - most
        if gap <= 0:
            return None
        weights = direction * (2 / gap) / size
        bias = -(least + most) / gap - float(weights @ self._centre)
        scores = values @ weights + bias
        if not (scores[~positive].max() < 0 < scores[positive].min()):
            return None
        support = np.flatnonzero(np.abs(scores) <= 1 + 1e-6)[:100]
        return Hyperplane(weights, bias, gap * size / 2, widest, tuple(support.tolist()))
