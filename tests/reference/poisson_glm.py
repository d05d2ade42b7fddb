"""Constants of the tests in src/stats/poisson.rs, from statsmodels and scipy.

    pip install statsmodels && python tests/reference/poisson_glm.py
"""
import numpy as np
import scipy.stats as st
import statsmodels
import statsmodels.api as sm

counts = np.array([31, 28, 40, 25, 22, 19, 27, 14, 12, 9, 15, 6, 4, 7, 2, 3, 0, 1], float)
x = (np.arange(18) - 9) / 10
rounds = np.array([0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0], float)
design = np.column_stack([np.ones(18), x, x * x, rounds])
result = sm.GLM(counts, design, family=sm.families.Poisson()).fit(tol=1e-14, maxiter=200)
print("statsmodels", statsmodels.__version__)
print("coefficients", [float(f"{v:.15g}") for v in result.params])
print("standard errors", [float(f"{v:.15g}") for v in result.bse])
print("pearson / df", f"{result.pearson_chi2 / result.df_resid:.15g}")


def negative_binomial(observed, mean, variance):
    shape = mean * mean / (variance - mean)
    return st.nbinom.sf(observed - 1, shape, shape / (shape + mean))


print("negative binomial", f"{negative_binomial(12, 4.5, 9.0):.15g}", f"{negative_binomial(40, 5.0, 6.0):.15g}")
print("poisson", f"{st.poisson.sf(11, 4.5):.15g}")
print("binomial", f"{st.binom.sf(16, 20, 0.55):.15g}")
