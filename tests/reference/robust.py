"""Reference values for src/stats/robust.rs.

    pip install numpy scipy statsmodels
    python tests/reference/robust.py

Prints the constants that the tests of `stats::robust` hold. Made with statsmodels 0.15.0.
"""

import numpy as np
import statsmodels.api as sm
from scipy import stats
from statsmodels.robust.scale import mad, qn_scale
from statsmodels.stats.stattools import medcouple

# 40 numbers of a linear congruential generator, turned into skewed prices; the test makes the same.
def prices(n, seed):
    state, out = seed, []
    for _ in range(n):
        state = (state * 1103515245 + 12345) % 2**31
        u = (state + 0.5) / 2**31
        out.append(round(float(np.exp(2.0 + 1.2 * (u - 0.5) + 2.0 * max(u - 0.8, 0.0))), 4))
    return np.array(out)

def fences(x):
    q1, q3 = np.percentile(x, [25, 75])
    mc = float(medcouple(x, use_fast=False))
    a, b = (-4.0, 3.0) if mc >= 0 else (-3.0, 4.0)
    return q1 - 1.5 * np.exp(a * mc) * (q3 - q1), q3 + 1.5 * np.exp(b * mc) * (q3 - q1)

heaped = np.array([9.99] * 12 + [4.99] * 5 + [14.99] * 4 + [1.0, 2.5, 30.0])
cases = [("40", prices(40, 7)), ("41", prices(41, 8)), ("5", prices(5, 9)), ("heaped", heaped),
         ("1000", prices(1000, 10)), ("skewed to the left", 30 - prices(61, 13))]
for name, x in cases:
    print(name, "median", repr(float(np.median(x))), "mad", repr(float(mad(x))), "qn", repr(float(qn_scale(x))),
          "mc", repr(float(medcouple(x, use_fast=False))), "fences", *(repr(float(f)) for f in fences(x)))
    m = np.median(x)
    k = stats.norm.ppf(0.75)
    print(name, "double mad", repr(float(np.median((m - x)[x <= m]) / k)), repr(float(np.median((x - m)[x >= m]) / k)))

# Bisquare line at a fixed scale and start, 30 points, three of them cut to a quarter.
w = np.log(prices(30, 11))
v = 1.5 + 0.7 * w + 0.2 * (np.log(prices(30, 12)) - 2.0)
v[[3, 11, 27]] += np.log(0.25)
fit = sm.RLM(v, sm.add_constant(w), M=sm.robust.norms.TukeyBiweight(c=4.685)).fit(
    start_params=np.array([1.5, 0.7]), start_scale=0.1, update_scale=False, conv="coefs", tol=1e-14, maxiter=500)
print("bisquare", *(repr(float(p)) for p in fit.params))
