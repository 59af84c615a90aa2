from statistics import StatisticsError, correlation, linear_regression

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports import api


class Api(exports.Api):
    def fit(self, points: list[api.Point], at: list[float]) -> api.Line:
        if len(points) < 2:
            raise Err(api.Problem_TooFew(len(points)))
        xs = [point.x for point in points]
        ys = [point.y for point in points]
        try:
            slope, intercept = linear_regression(xs, ys)
        except StatisticsError:
            raise Err(api.Problem_Upright())
        forecast = [api.Point(x, slope * x + intercept) for x in at]
        print(f"a line through {len(points)} points")
        return api.Line(slope, intercept, closeness(xs, ys), forecast)


def closeness(xs: list[float], ys: list[float]) -> float | None:
    try:
        return correlation(xs, ys)
    except StatisticsError:
        return None
