"""A second implementation of the statistics, in plain Python and the slow way, for more vectors of the formats in the folder
above: edge cases, other sizes, names and levels. It shares nothing with the Go code and prefers brute force (permutations,
dense matrices, bisection, counting minutes) to the formulas used there. Run it here to write the files anew:

    python3 reference.py
"""
import itertools, json, math, random
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from statistics import NormalDist
from zoneinfo import ZoneInfo

phi_inv = NormalDist().inv_cdf
FILES = {}


def case(file, id, input, expected, tolerance=None):
    c = {"id": id, "input": input, "expected": expected}
    if tolerance:
        c["tolerance"] = tolerance
    FILES.setdefault(file, []).append(c)


# ---- distributions ---------------------------------------------------------------------------------------------------

def betainc(a, b, x):
    if x <= 0: return 0.0
    if x >= 1: return 1.0
    if x > (a + 1) / (a + b + 2): return 1 - betainc(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    f, c, d, tiny = 1.0, 1.0, 0.0, 1e-300
    for i in range(5000):
        m = i // 2
        if i == 0: num = 1.0
        elif i % 2 == 0: num = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        else: num = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / (1 + num * d or tiny)
        c = 1 + num / c or tiny
        f *= c * d
        if abs(1 - c * d) < 1e-16: break
    return front * (f - 1)


def t_two(t, df): return betainc(df / 2, 0.5, df / (df + t * t))


def bisect(f, low, high, n=200):
    """f falls from positive at low to negative at high."""
    for _ in range(n):
        mid = (low + high) / 2
        if f(mid) > 0: low = mid
        else: high = mid
    return (low + high) / 2


def t_crit(level, df): return bisect(lambda t: t_two(t, df) - (1 - level), 0, 1e6)
def z_crit(level): return phi_inv(1 - (1 - level) / 2)
def two_sided(z): return math.erfc(abs(z) / math.sqrt(2))


def chi_upper(x, df):
    a, x = df / 2, x / 2
    if x <= 0: return 1.0
    term = total = 1 / a
    for n in range(1, 3000):
        term *= x / (a + n)
        total += term
    return 1 - total * math.exp(-x + a * math.log(x) - math.lgamma(a))


# ---- linear algebra --------------------------------------------------------------------------------------------------

def solve(a, b):
    n = len(a)
    m = [list(map(float, row)) + ([b[i]] if not isinstance(b[i], list) else list(b[i])) for i, row in enumerate(a)]
    for c in range(n):
        p = max(range(c, n), key=lambda r: abs(m[r][c]))
        m[c], m[p] = m[p], m[c]
        for r in range(n):
            if r != c and m[r][c]:
                f = m[r][c] / m[c][c]
                m[r] = [x - f * y for x, y in zip(m[r], m[c])]
    out = [[x / m[i][i] for x in m[i][n:]] for i in range(n)]
    return out if isinstance(b[0], list) else [r[0] for r in out]


def eye(n): return [[float(i == j) for j in range(n)] for i in range(n)]
def inv(a): return solve(a, eye(len(a)))
def mul(a, b): return [[math.fsum(x * y for x, y in zip(r, c)) for c in zip(*b)] for r in a]
def tr(a): return [list(c) for c in zip(*a)]
def vec(a, x): return [math.fsum(u * v for u, v in zip(r, x)) for r in a]
def dot(a, b): return math.fsum(x * y for x, y in zip(a, b))
def mean(x): return math.fsum(x) / len(x)
def var(x): m = mean(x); return math.fsum((v - m) ** 2 for v in x) / (len(x) - 1)
def sd(x): return math.sqrt(var(x))
def diag_se(c): return [math.sqrt(c[i][i]) for i in range(len(c))]


def logdet(a):
    m, s = [list(r) for r in a], 0.0
    for c in range(len(m)):
        s += math.log(m[c][c])
        for r in range(c + 1, len(m)):
            f = m[r][c] / m[c][c]
            m[r] = [x - f * y for x, y in zip(m[r], m[c])]
    return s


def wls(x, y, w=None):
    w = w or [1.0] * len(y)
    k = len(x[0])
    xtx = [[math.fsum(wi * r[a] * r[b] for wi, r in zip(w, x)) for b in range(k)] for a in range(k)]
    xty = [math.fsum(wi * r[a] * yi for wi, r, yi in zip(w, x, y)) for a in range(k)]
    iv = inv(xtx)
    beta = vec(iv, xty)
    res = [yi - dot(r, beta) for r, yi in zip(x, y)]
    return beta, iv, res


def ols(x, y):
    b, iv, res = wls(x, y)
    df = len(y) - len(b)
    s2 = dot(res, res) / df
    return b, iv, res, df, [[s2 * v for v in r] for r in iv]


def r_squared(x, y):
    _, _, res, _, _ = ols([[1.0] + r for r in x], y) if x[0] else (0, 0, [v - mean(y) for v in y], 0, 0)
    return 1 - dot(res, res) / math.fsum((v - mean(y)) ** 2 for v in y)


def hc3(x, iv, res):
    meat = [[0.0] * len(iv) for _ in iv]
    for r, e in zip(x, res):
        h = dot(r, vec(iv, r))
        for a in range(len(iv)):
            for b in range(len(iv)):
                meat[a][b] += r[a] * r[b] * (e / (1 - h)) ** 2
    return mul(mul(iv, meat), iv)


def glm(x, y, kind, w=None, offset=None):
    """Newton's method on the log-likelihood."""
    n, k = len(y), len(x[0])
    w, offset = w or [1.0] * n, offset or [0.0] * n
    b = wls(x, [math.log(v + .5) - o for v, o in zip(y, offset)])[0] if kind == "poisson" else [0.0] * k
    for _ in range(60):
        eta = [o + dot(r, b) for r, o in zip(x, offset)]
        mu = [math.exp(e) if kind == "poisson" else 1 / (1 + math.exp(-e)) for e in eta]
        v = mu if kind == "poisson" else [m * (1 - m) for m in mu]
        info = [[math.fsum(wi * vi * r[a] * r[c] for wi, vi, r in zip(w, v, x)) for c in range(k)] for a in range(k)]
        score = [math.fsum(wi * (yi - mi) * r[a] for wi, yi, mi, r in zip(w, y, mu, x)) for a in range(k)]
        step = solve(info, score)
        b = [p + s for p, s in zip(b, step)]
        if max(map(abs, step)) < 1e-13: break
    return b, inv(info), mu


# ---- scores ----------------------------------------------------------------------------------------------------------

def clamp(ci, low=-100, high=100): return [min(max(c, low), high) for c in ci]
def tri(p, n, d): s = p + n + d; return s, (p - d) / s, (p + d) / s - ((p - d) / s) ** 2


def tango(p, pas, d, level):
    n, z = p + pas + d, z_crit(level)

    def score(delta):
        # the likelihood of p-d = delta is greatest where its slope in the share q of detractors changes sign
        slope = lambda q: (p / (q + delta) if p else 0) + (d / q if d else 0) - (2 * pas / (1 - 2 * q - delta) if pas else 0)
        q = bisect(slope, max(0, -delta) + 1e-300, (1 - delta) / 2 - 1e-17, 120) if -1 < delta < 1 else 0
        v = n * (2 * q + delta - delta * delta)
        num = p - d - n * delta
        return num / math.sqrt(v) if v > 1e-15 else math.copysign(1e9, num)
    e = (p - d) / n
    return [100 * bisect(lambda x: score(x) - z, -1, e, 60), 100 * bisect(lambda x: score(x) + z, e, 1, 60)]


def exact_bootstrap(p, pas, d, level):
    n = p + pas + d
    pmf = {0: Fraction(1)}
    for _ in range(n):
        nxt = {}
        for s, w in pmf.items():
            for step, k in ((1, p), (0, pas), (-1, d)):
                if k: nxt[s + step] = nxt.get(s + step, 0) + w * Fraction(k, n)
        pmf = nxt
    def q(prob):
        total = Fraction(0)
        for s in sorted(pmf):
            total += pmf[s]
            if total >= prob - Fraction(1, 10 ** 12): return 100 * s / n
    tail = Fraction(1 - level).limit_denominator(10 ** 6) / 2
    return [q(tail), q(1 - tail)]


def nps():
    for i, (p, a, d, level) in enumerate([(60, 25, 15, .95), (1, 0, 0, .95), (0, 1, 0, .95), (0, 0, 7, .95), (1, 1, 0, .99), (0, 12, 0, .9),
                                          (33, 1, 30, .99), (7, 0, 13, .8)]):
        n, m, v = tri(p, a, d)
        z = z_crit(level)
        def wald(extra, ends):
            nn, mm, vv = tri(p + ends, a + extra - 2 * ends, d + ends)
            se = math.sqrt(max(0, vv) / nn)
            return {"centre": 100 * mm, "se": 100 * se, "ci": clamp([100 * (mm - z * se), 100 * (mm + z * se)])}
        w = wald(0, 0)
        out = {"n": n, "p_promoter": p / n, "p_passive": a / n, "p_detractor": d / n, "nps": 100 * m, "variance_unit": max(0, v), "se": w["se"],
               "sample_variance_unit": None, "se_n_minus_1": None, "t_trinomial_mean": None, "wald": w["ci"], "adjusted_wald": wald(3, .75),
               "bonett_price": wald(2, 1), "tango_score": tango(p, a, d, level), "exact_percentile_bootstrap": exact_bootstrap(p, a, d, level)}
        if n > 1:
            x = [1] * p + [0] * a + [-1] * d
            half = t_crit(level, n - 1) * math.sqrt(var(x) / n)
            out["sample_variance_unit"], out["se_n_minus_1"] = var(x), 100 * math.sqrt(var(x) / n)
            out["t_trinomial_mean"] = clamp([100 * (mean(x) - half), 100 * (mean(x) + half)])
        case("nps_single", f"more-{i}", {"promoters": p, "passives": a, "detractors": d, "level": level}, out)
    big = [(400_000, 350_000, 250_000), (12_000, 3_000, 5_000)]
    for p, a, d in big:
        n, m, v = tri(p + .75, a + 1.5, d + .75)
        half = 100 * z_crit(.95) * math.sqrt(v / n)
        n0, m0, v0 = tri(p, a, d)
        se = 100 * math.sqrt(v0 / n0)
        case("nps_single", f"more-{p}", {"promoters": p, "passives": a, "detractors": d},
             {"nps": 100 * m0, "se": se, "adjusted_wald": {"ci": [100 * m - half, 100 * m + half]}, "wald": [100 * m0 - z_crit(.95) * se, 100 * m0 + z_crit(.95) * se]})

    for i, (a, b, level) in enumerate([((40, 0, 0), (30, 8, 2), .95), ((1, 1, 1), (90, 5, 5), .9), ((0, 5, 9), (0, 9, 4), .95), ((700, 10, 290), (650, 90, 260), .99)]):
        z = z_crit(level)
        xs = [[1] * g[0] + [0] * g[1] + [-1] * g[2] for g in (a, b)]
        def normal(extra):
            (na, ma, va), (nb, mb, vb) = (tri(g[0] + extra / 4, g[1] + extra / 2, g[2] + extra / 4) for g in (a, b))
            se, diff = 100 * math.sqrt(max(0, va) / na + max(0, vb) / nb), 100 * (mb - ma)
            return {"difference": diff, "se": se, "z": diff / se, "p_two_sided": two_sided(diff / se), "ci": clamp([diff - z * se, diff + z * se], -200, 200)}
        va, vb = var(xs[0]) / len(xs[0]), var(xs[1]) / len(xs[1])
        df = (va + vb) ** 2 / (va ** 2 / (len(xs[0]) - 1) + vb ** 2 / (len(xs[1]) - 1))
        diff, se = 100 * (mean(xs[1]) - mean(xs[0])), 100 * math.sqrt(va + vb)
        half = t_crit(level, df) * se
        chi, used = 0.0, -1
        for x, y in zip(a, b):
            if x + y:
                used += 1
                for k, n in ((x, sum(a)), (y, sum(b))):
                    e = (x + y) * n / (sum(a) + sum(b))
                    chi += (k - e) ** 2 / e
        pooled = sorted(xs[0] + xs[1])
        rank = {v: mean([i + 1 for i, u in enumerate(pooled) if u == v]) for v in set(pooled)}
        ranks = [rank[v] for v in pooled]
        n, nb = len(pooled), len(xs[1])
        w = math.fsum(rank[v] for v in xs[1])
        spread = math.sqrt(nb * (n - nb) / n * var(ranks))  # of the sum of ranks drawn without replacement
        zw = (w - nb * (n + 1) / 2) / spread
        case("nps_difference", f"more-{i}", {"a": dict(zip(("promoters", "passives", "detractors"), a)), "b": dict(zip(("promoters", "passives", "detractors"), b)), "level": level},
             {"nps_a": 100 * mean(xs[0]), "nps_b": 100 * mean(xs[1]), "difference": diff, "wald": normal(0), "adjusted_wald": normal(3), "adjusted_wald_split": normal(1.5),
              "welch_t": {"t": diff / se, "df": df, "p_two_sided": t_two(diff / se, df), "ci": [diff - half, diff + half]},
              "chi2_distribution_change": {"x2": chi, "df": used, "p": chi_upper(chi, used)}, "mann_whitney_midrank": {"p_two_sided": two_sided(zw)}})
    rng = random.Random(1)
    before = [rng.randint(0, 10) for _ in range(40)]
    after = [min(10, max(0, b + rng.randint(-2, 3))) for b in before]
    cl = lambda s: 1 if s > 8 else 0 if s > 6 else -1
    d = [100 * (cl(y) - cl(x)) for x, y in zip(before, after)]
    se = sd(d) / math.sqrt(len(d))
    half = t_crit(.95, len(d) - 1) * se
    case("nps_difference", "more-paired", {"before": before, "after": after}, {"n": len(d), "difference": mean(d), "se": se, "t": mean(d) / se, "df": len(d) - 1,
         "p_two_sided": t_two(mean(d) / se, len(d) - 1), "ci": [mean(d) - half, mean(d) + half]})

    rng = random.Random(2)
    segs = [{"segment": f"s{i}", "P": rng.randint(5, 60), "N": rng.randint(5, 40), "D": rng.randint(0, 30)} for i in range(15)]
    segs += [{"segment": "tiny", "P": 4, "N": 0, "D": 1}, {"segment": "one-sided", "P": 30, "N": 0, "D": 0}]
    out, ps = [], []
    total = [sum(s[k] for s in segs) for k in "PND"]
    for s in segs:
        own = [s[k] for k in "PND"]
        rest = [t - o for t, o in zip(total, own)]
        (n1, m1, v1), (n0, m0, v0) = (tri(g[0] + .375, g[1] + .75, g[2] + .375) for g in (own, rest))
        diff, se = 100 * (m1 - m0), 100 * math.sqrt(v1 / n1 + v0 / n0)
        row = {"segment": s["segment"], "nps": 100 * (own[0] - own[2]) / sum(own), "diff_adj": diff, "se_adj": se, "z": diff / se, "p": two_sided(diff / se)}
        if sum(own) < 10: row.update({k: None for k in ("diff_adj", "se_adj", "z", "p", "p_bh")})
        else: ps.append((row["p"], row))
        out.append(row)
    for p, row in ps: row["p_bh"] = min(1, min(len(ps) * q / sum(r <= q for r, _ in ps) for q, _ in ps if q >= p))
    case("nps_segment_scan", "more", {"segments": segs}, out)

    account = [rng.choice([101, 102, 103, 104, 105, 106, 107]) for _ in range(50)]
    score = [min(10, max(0, a % 100 + rng.randint(-2, 4))) for a in account]
    x = [cl(s) for s in score]
    m, groups = mean(x), sorted(set(account))
    vals = {g: [v for a, v in zip(account, x) if a == g] for g in groups}
    v = len(groups) / (len(groups) - 1) * sum(sum(u - m for u in vals[g]) ** 2 for g in groups) / len(x) ** 2
    naive = math.sqrt((mean([u * u for u in x]) - m * m) / len(x))
    half = t_crit(.9, len(groups) - 1) * math.sqrt(v) * 100
    case("nps_cluster", "more", {"account": account, "score": score, "level": .9}, {"nps": 100 * m, "se_naive": 100 * naive, "se_cluster": 100 * math.sqrt(v), "df": len(groups) - 1,
         "ci": clamp([100 * m - half, 100 * m + half]), "design_effect": v / naive ** 2, "account_level_nps": 100 * mean([mean(vals[g]) for g in groups])})


def wilson(x, n, level=.95):
    z = z_crit(level)
    p = x / n
    # the ends solve (p - q)^2 = z^2 q(1-q)/n
    a, b, c = 1 + z * z / n, -(2 * p + z * z / n), p * p
    root = math.sqrt(max(0, b * b - 4 * a * c))
    return [0.0 if x == 0 else (-b - root) / (2 * a), 1.0 if x == n else (-b + root) / (2 * a)]


def binom_cdf(k, n, p): return math.fsum(math.exp(math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * math.log(p) + (n - i) * math.log1p(-p)) for i in range(k + 1))


def shares():
    for x, n, level in [(1, 1, .95), (0, 1, .95), (2, 3, .8), (17, 40, .99), (99, 100, .95), (500, 501, .9), (250, 2000, .95), (0, 700, .99)]:
        z = z_crit(level)
        tail = (1 - level) / 2
        nn = n + z * z
        p = (x + z * z / 2) / nn
        half = z * math.sqrt(p * (1 - p) / nn)
        cp = [0.0 if x == 0 else bisect(lambda q: tail - (1 - binom_cdf(x - 1, n, q)), 0, 1, 80), 1.0 if x == n else bisect(lambda q: binom_cdf(x, n, q) - tail, 1e-12, 1 - 1e-12, 80)]
        jf = [0.0 if x == 0 else bisect(lambda q: tail - betainc(x + .5, n - x + .5, q), 0, 1, 80), 1.0 if x == n else bisect(lambda q: 1 - tail - betainc(x + .5, n - x + .5, q), 0, 1, 80)]
        case("proportions", f"more-{x}-{n}", {"x": x, "n": n, "level": level}, {"p": x / n, "wilson": wilson(x, n, level), "agresti_coull": clamp([p - half, p + half], 0, 1), "clopper_pearson": cp, "jeffreys": jf})
    for xa, na, xb, nb, level in [(5, 5, 7, 7, .95), (0, 8, 3, 9, .9), (40, 400, 90, 500, .99), (1, 2, 1, 3, .95)]:
        a, b, n = xa / na, xb / nb, na + nb
        (la, ua), (lb, ub) = wilson(xa, na, level), wilson(xb, nb, level)
        p = (xa + xb) / n
        z = None if p in (0, 1) else (b - a) / math.sqrt(p * (1 - p) * (1 / na + 1 / nb))
        prob = lambda k: Fraction(math.comb(na, k) * math.comb(nb, xa + xb - k), math.comb(n, xa + xb))
        seen = prob(xa)
        fisher = float(sum(prob(k) for k in range(max(0, xa + xb - nb), min(na, xa + xb) + 1) if prob(k) <= seen * (1 + Fraction(1, 10 ** 7))))
        case("proportions", f"more-diff-{xa}-{na}-{xb}-{nb}", {"x_a": xa, "n_a": na, "x_b": xb, "n_b": nb, "level": level}, {"difference": b - a,
             "newcombe_ci": [b - a - math.hypot(b - lb, ua - a), b - a + math.hypot(ub - b, a - la)], "score_z_pooled": z, "p_pooled": None if z is None else two_sided(z), "fisher_p": fisher})
    for id, values, counts, top, level in [("one", [1, 2, 3, 4, 5], [0, 0, 0, 0, 1], [4, 5], .95), ("alike", [1, 2, 3, 4, 5], [0, 0, 9, 0, 0], [5], .95), ("happy", [1, 2, 3, 4, 5], [0, 0, 0, 1, 3], [4, 5], .95),
                                           ("ten", list(range(11)), [3, 1, 0, 2, 5, 9, 14, 20, 31, 25, 18], [9, 10], .9), ("three", [1, 2, 3], [10, 5, 2], [3], .99), ("backwards", [5, 4, 3, 2, 1], [8, 6, 4, 2, 1], [4, 5], .95)]:
        xs = sorted(v for v, c in zip(values, counts) for _ in range(c))
        n, m = len(xs), mean(xs)
        s = sd(xs) if n > 1 else None
        half = t_crit(level, n - 1) * s / math.sqrt(n) if n > 1 else None
        low, high = sorted(values)[:2], sorted(values)[-2:]
        post = {v: c + 2 for v, c in zip(values, counts)}
        A = sum(post.values())
        pm = sum(v * c for v, c in post.items()) / A
        psd = math.sqrt((sum(v * v * c for v, c in post.items()) / A - pm ** 2) / (A + 1))
        k = sum(x in top for x in xs)
        case("rating_scales", f"more-{id}", {"values": values, "counts": counts, "top_values": top, "level": level}, {"n": n, "mean": m, "sd": s, "se": s / math.sqrt(n) if n > 1 else None,
             "mean_t_ci": None if n == 1 else [m - half, m + half], "top_box_share": k / n, "top_box_wilson": wilson(k, n, level), "median": (xs[(n - 1) // 2] + xs[n // 2]) / 2,
             "mean_rescaled_0_100": 100 * (m - min(values)) / (max(values) - min(values)), "net_top2_minus_bottom2": (sum(x in high for x in xs) - sum(x in low for x in xs)) / n,
             "dirichlet_posterior_mean_prior2each": pm, "dirichlet_posterior_sd": psd, "dirichlet_lower95_normal": pm - phi_inv(.95) * psd})
    rng = random.Random(3)
    for id, p in [("ties", [.01, .01, .01, .5, .5, 1, 0]), ("many", [rng.random() ** 3 for _ in range(60)]), ("none", [.9, .8, .7]), ("zero", [0, 0])]:
        m = len(p)
        h = sum(1 / i for i in range(1, m + 1))
        bh = [min(1, min(m * q / sum(r <= q for r in p) for q in p if q >= x)) for x in p]
        by = [min(1, min(h * m * q / sum(r <= q for r in p) for q in p if q >= x)) for x in p]
        holm = [min(1, max((m - sum(r < q for r in p)) * q for q in p if q <= x)) for x in p]
        case("multiplicity", f"more-{id}", {"p": p}, {"bh": bh, "by": by, "holm": holm, "bonferroni": [min(1, m * x) for x in p], "rejected_bh_005": [i for i, q in enumerate(bh) if q <= .05]})
    def least(ok):
        n = 1
        while not ok(n): n += 1
        return n
    moe = [(.9, .05, 20), (.2, .2, 4), (1, 0, 5)]
    case("sample_size", "more-moe", [{"p": p, "d": d, "moe_points": m} for p, d, m in moe],
         [least(lambda n: z_crit(.95) * math.sqrt((p + d - (p - d) ** 2) / (n + 3)) * 100 <= m + 1e-12) for p, d, m in moe])
    diff = [(.5, .5, 12, .8, .05), (.3, .9, 25, .95, .01)]
    case("sample_size", "more-diff", [dict(zip(("v1", "v2", "delta_points", "power", "alpha"), r)) for r in diff],
         [least(lambda n: (phi_inv(1 - a / 2) + phi_inv(pw)) * math.sqrt((v1 + v2) / (n + 3)) * 100 <= dl + 1e-12) for v1, v2, dl, pw, a in diff])
    widths = [(0.0, .04), (.5, .2), (.31, .07)]
    case("sample_size", "more-wilson", [{"p": p, "h": h} for p, h in widths], [least(lambda n: (lambda z, n: z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)))(z_crit(.95), n) <= h) for p, h in widths])


# ---- who answered ----------------------------------------------------------------------------------------------------

def weighting():
    rng = random.Random(4)
    regions, plans, ages = ["east", "north", "west"], ["basic", "pro"], ["a18", "b30", "c50"]
    cells = []
    for r, p, a in itertools.product(regions, plans, ages):
        k = [rng.randint(1, 25) for _ in range(3)]
        cells.append({"region": r, "plan": p, "age": a, "n": sum(k), "promoters": k[0], "passives": k[1], "detractors": k[2]})
    margins = {"region": {"east": 300, "north": 500, "west": 200}, "plan": {"basic": 650, "pro": 350}, "age": {"a18": 250, "b30": 450, "c50": 300}}
    w = [1.0] * len(cells)
    cycles = 0
    def error(): return max(abs(math.fsum(c["n"] * u for c, u in zip(cells, w) if c[m] == k) - t) / t for m, ts in margins.items() for k, t in ts.items())
    while True:
        cycles += 1
        for m, ts in margins.items():
            for k, t in ts.items():
                s = math.fsum(c["n"] * u for c, u in zip(cells, w) if c[m] == k)
                w = [u * t / s if c[m] == k else u for c, u in zip(cells, w)]
        if error() < 1e-12: break
    people = [(c, u, 100 * x) for c, u in zip(cells, w) for x, k in ((1, "promoters"), (0, "passives"), (-1, "detractors")) for _ in range(c[k])]
    def score(people, margins):
        n, sw = len(people), math.fsum(u for _, u, _ in people)
        m = math.fsum(u * x for _, u, x in people) / sw
        fixed = math.sqrt(n / (n - 1) * math.fsum((u * (x - m)) ** 2 for _, u, x in people)) / sw
        design = [[1.0] + [float(c[v] == k) for v, ts in margins.items() for k in list(ts)[1:]] for c, _, _ in people]
        _, _, res = wls(design, [x - m for _, _, x in people])  # base weights: all alike
        e = [u * r for (_, u, _), r in zip(people, res)]
        return n, sw, m, fixed, math.sqrt(n / (n - 1) * math.fsum((v - mean(e)) ** 2 for v in e)) / sw
    n, sw, m, fixed, raked = score(people, margins)
    neff = sw ** 2 / math.fsum(u * u for _, u, _ in people)
    case("raking", "more-3margins", {"cells": cells, "margins": margins, "base_weight": 1}, {"cell_weight": {"|".join(c[v] for v in margins): u for c, u in zip(cells, w)}, "iterations_to_1e12": cycles,
         "unweighted_nps": mean([x for _, _, x in people]), "weighted_nps": m, "se_weights_fixed": fixed, "se_rake": raked, "se_calibrate_raking": raked, "kish_neff": neff, "kish_deff": n / neff,
         "weight_min": min(w), "weight_max": max(w), "weight_ratio_max_mean": max(w) / (sw / n)})
    cap = 1.2 * sw / n
    out, capped = list(w), set()
    while True:
        over = [i for i, u in enumerate(out) if u > cap * (1 + 1e-12)]
        if not over: break
        cut = math.fsum(cells[i]["n"] * (out[i] - cap) for i in over)
        capped |= set(over)
        for i in over: out[i] = cap
        rest = sum(c["n"] for i, c in enumerate(cells) if i not in capped)
        out = [u if i in capped else u + cut / rest for i, u in enumerate(out)]
    trimmed = [(c, u, 100 * x) for c, u in zip(cells, out) for x, k in ((1, "promoters"), (0, "passives"), (-1, "detractors")) for _ in range(c[k])]
    case("raking", "more-trim", {"cap_multiple_of_mean": 1.2}, {"cell_weight": {"|".join(c[v] for v in margins): u for c, u in zip(cells, out)}, "weighted_nps": score(trimmed, margins)[2], "sum": sw, "max": cap})
    count = {k: sum(c["n"] for c in cells if c["age"] == k) for k in ages}
    weights = {k: margins["age"][k] / count[k] for k in ages}
    post = [(c, weights[c["age"]], x) for c, _, x in people]
    _, _, m, _, se = score(post, {"age": margins["age"]})
    case("raking", "more-post", {"cells": cells, "margin": margins["age"]}, {"weights": weights, "weighted_nps": m, "se": se})

    cells = [{"tenure": t, "channel": c, "invited": 40 + 70 * t + 30 * c, "responded": 11 + 9 * t + 14 * c} for t in range(3) for c in range(2)]
    terms = [("tenure", 1), ("tenure", 2), ("channel", 1)]
    x = [[1.0] + [float(c[v] == k) for v, k in terms] for c in cells]
    y, w = [c["responded"] / c["invited"] for c in cells], [float(c["invited"]) for c in cells]
    b, _, rho = glm(x, y, "logit", w)
    everyone = [r for r, c in zip(rho, cells) for _ in range(c["invited"])]
    back = [1 / r for r, c in zip(rho, cells) for _ in range(c["responded"])]
    k, n = sum(c["responded"] for c in cells), sum(c["invited"] for c in cells)
    case("response_rate", "more", {"cells": cells}, {"response_rate": k / n, "wilson": wilson(k, n), "coef": dict(zip(["intercept"] + [v + str(l) for v, l in terms], b)), "r_indicator": 1 - 2 * sd(everyone),
         "ipw_kish_neff": sum(back) ** 2 / sum(v * v for v in back), "propensity_by_cell": [{"tenure": c["tenure"], "channel": c["channel"], "rho": r} for c, r in reversed(list(zip(cells, rho)))]})
    case("response_rate", "more-all", {"nps_respondents": -20, "response_rate": 1.0, "gap_points": [5]}, {"adjusted": [-20], "bounds_all_detractors_all_promoters": [-20, -20], "gap_to_zero": None})

    rules = {"global_cooldown_days": 10, "relationship_cooldown_days": 100, "transactional_cooldown_days": 40, "after_response_cooldown_days": 20, "max_invites_per_365_days": 3,
             "suppress_if_open_complaint": False, "suppress_if_opted_out": True}
    requests, out = [], []
    for i in range(60):
        history = [{"day": rng.randint(0, 399), "kind": rng.choice(["relationship", "transactional"]), "answered": rng.random() < .4} for _ in range(rng.randint(0, 5))]
        q = {"id": f"q{i}", "kind": rng.choice(["relationship", "transactional"]), "day": 400, "history": history, "open_complaint": rng.random() < .3, "opted_out": rng.random() < .1}
        ago = [(400 - h["day"], h) for h in history]
        why = []
        if any(a < 10 for a, _ in ago): why.append("global_cooldown")
        if any(a < rules[q["kind"] + "_cooldown_days"] and h["kind"] == q["kind"] for a, h in ago): why.append(q["kind"] + "_cooldown")
        if any(a < 20 and h["answered"] for a, h in ago): why.append("after_response_cooldown")
        if sum(a < 365 for a, _ in ago) >= 3: why.append("annual_cap")
        if q["opted_out"]: why.append("opted_out")
        requests.append(q)
        out.append({"id": q["id"], "allowed": not why, "reasons": why})
    case("contact_policy", "more", {"rules": rules, "requests": requests}, out)


# ---- health ----------------------------------------------------------------------------------------------------------

def health():
    weights = {"usage": .5, "sentiment": .2, "support": .1, "commercial": .1, "engagement": .1}
    comp = {"usage": 90, "support": None, "commercial": 30, "engagement": None}
    scores, ages, half, seg, k = [0, 10, 5], [0, 700, 30], 45, 40, 3
    w = [.5 ** (a / half) for a in ages]
    dec, neff = 10 * dot(w, scores) / sum(w), sum(w) ** 2 / dot(w, w)
    shr = (neff * dec + k * seg) / (neff + k)
    def combined(s, geo=False):
        have = [(weights[n], v) for n, v in {**comp, "sentiment": s}.items() if v is not None]
        t = sum(u for u, _ in have)
        return math.exp(sum(u * math.log(v) for u, v in have) / t) if geo else sum(u * v for u, v in have) / t
    case("health_composition", "more", {"weights": weights, "components": comp, "survey": {"scores_0_10": scores, "age_days": ages, "half_life": half}, "segment_mean": seg, "prior_weight": k},
         {"sentiment_decayed": dec, "n_eff": neff, "sentiment_shrunk": shr, "score_unshrunk": combined(dec), "score_shrunk": combined(shr), "coverage": .8, "geometric": combined(dec, True)})
    case("health_composition", "more-normalise", {"minmax": {"x": 95, "lo": 90, "hi": 10}, "logistic": {"x": -3, "mid": 0, "k": -2}, "percentile": {"x": 5, "ref": [5, 5, 5, 9]}},
         {"minmax": 0, "logistic": 100 / (1 + math.exp(-6)), "percentile": 37.5})

    rng = random.Random(5)
    def auc(p, y): return mean([1.0 * (a > b) + .5 * (a == b) for a, u in zip(p, y) if u for b, v in zip(p, y) if not v])
    def delong(ps, y):
        c, n = [i for i, v in enumerate(y) if v], [i for i, v in enumerate(y) if not v]
        psi = lambda p, i, j: 1.0 * (p[i] > p[j]) + .5 * (p[i] == p[j])
        v10 = [[mean([psi(p, i, j) for j in n]) for i in c] for p in ps]
        v01 = [[mean([psi(p, i, j) for i in c]) for j in n] for p in ps]
        cov = lambda a, b: math.fsum((x - mean(a)) * (z - mean(b)) for x, z in zip(a, b)) / (len(a) - 1) / len(a)
        return [[cov(v10[a], v10[b]) + cov(v01[a], v01[b]) for b in range(len(ps))] for a in range(len(ps))]
    for id, n, bins, digits in [("fine", 120, 6, 5), ("coarse", 90, 3, 1)]:
        base = [rng.random() ** 2 for _ in range(n)]
        p = [min(.95, max(.05, round(b, digits))) for b in base]
        y = [int(rng.random() < .1 + .6 * b) for b in base]
        e, pi = sum(y), sum(y) / n
        lg = [math.log(q / (1 - q)) for q in p]
        slope, cov, _ = glm([[1.0, l] for l in lg], y, "logit")
        large, covl, _ = glm([[1.0] for _ in lg], y, "logit", offset=lg)
        brier = mean([(q - v) ** 2 for q, v in zip(p, y)])
        se = math.sqrt(delong([p], y)[0][0])
        a = auc(p, y)
        order = sorted(range(n), key=lambda i: p[i])
        groups = [order[g * n // bins:(g + 1) * n // bins] for g in range(bins)]
        rows = [{"bin": g + 1, "n": len(i), "mean_p": mean([p[j] for j in i]), "obs": mean([y[j] for j in i])} for g, i in enumerate(groups)]
        hl = sum((r["n"] * r["obs"] - r["n"] * r["mean_p"]) ** 2 / (r["n"] * r["mean_p"] * (1 - r["mean_p"])) for r in rows)
        down = sorted(range(n), key=lambda i: -p[i])
        lift = []
        for s in (.1, .2):
            top = down[:math.ceil(s * n - 1e-9)]
            hit = sum(y[i] for i in top)
            lift.append({"top_share": s, "n": len(top), "precision": hit / len(top), "recall": hit / e, "lift": hit / len(top) / pi})
        case("health_validation", f"more-{id}", {"p": p, "y": y, "bins": bins}, {"n": n, "events": e, "base_rate": pi, "auc": a, "auc_se_delong": se, "auc_ci_delong": clamp([a - z_crit(.95) * se, a + z_crit(.95) * se], 0, 1),
             "gini": 2 * a - 1, "brier": brier, "brier_reference": pi * (1 - pi), "brier_skill": 1 - brier / (pi * (1 - pi)), "log_loss": -mean([math.log(q if v else 1 - q) for q, v in zip(p, y)]),
             "calibration_slope": slope[1], "calibration_intercept_free": slope[0], "calibration_in_the_large": large[0], "cal_slope_se": math.sqrt(cov[1][1]), "citl_se": math.sqrt(covl[0][0]),
             "expected_observed": {"expected": sum(p), "observed": e, "ratio_oe": e / sum(p)}, "ece_equal_frequency": sum(r["n"] * abs(r["obs"] - r["mean_p"]) for r in rows) / n,
             "hosmer_lemeshow": {"x2": hl, "df": bins - 2, "p": chi_upper(hl, bins - 2)}, "bins": rows, "lift": lift})
        q = [round(rng.random(), 2) for _ in range(n)]
        s = delong([p, q], y)
        z = (a - auc(q, y)) / math.sqrt(s[0][0] + s[1][1] - 2 * s[0][1])
        case("health_validation", f"more-pair-{id}", {"p_a": p, "p_b": q, "y": y}, {"auc_a": a, "auc_b": auc(q, y), "z": z, "p": two_sided(z)})


# ---- drivers ---------------------------------------------------------------------------------------------------------

def jacobi(a):
    """Eigenvalues and vectors of a symmetric matrix."""
    n = len(a)
    a, v = [list(r) for r in a], eye(n)
    for _ in range(100):
        for p in range(n):
            for q in range(p + 1, n):
                if abs(a[p][q]) < 1e-300: continue
                th = (a[q][q] - a[p][p]) / (2 * a[p][q])
                t = math.copysign(1, th) / (abs(th) + math.sqrt(th * th + 1))
                c = 1 / math.sqrt(t * t + 1)
                g = eye(n)
                g[p][p] = g[q][q] = c
                g[p][q], g[q][p] = t * c, -t * c
                a, v = mul(mul(tr(g), a), g), mul(v, g)
        if sum(a[i][j] ** 2 for i in range(n) for j in range(n) if i != j) < 1e-30: break
    return [a[i][i] for i in range(n)], v


def lmg(cols, y):
    p = len(cols)
    r2 = {}
    for k in range(p + 1):
        for s in itertools.combinations(range(p), k):
            r2[s] = r_squared([[cols[j][i] for j in s] for i in range(len(y))], y)
    out = [0.0] * p
    orders = list(itertools.permutations(range(p)))
    for o in orders:
        for i, j in enumerate(o):
            out[j] += (r2[tuple(sorted(o[:i + 1]))] - r2[tuple(sorted(o[:i]))]) / len(orders)
    return out


def drivers():
    rng = random.Random(6)
    def ratings(n, p, shared=1.0):
        cols = [[] for _ in range(p)]
        for _ in range(n):
            mood = shared * rng.gauss(0, 1)
            for c in cols: c.append(min(5, max(1, round(3 + mood + rng.gauss(0, 1)))))
        y = [min(10, max(0, round(1.2 + sum(c[i] * (j + 1) / 6 for j, c in enumerate(cols)) + rng.gauss(0, 1.5)))) for i in range(n)]
        return cols, y
    for id, n, names, scale in [("two", 25, ["b", "a"], 1), ("five", 45, ["wait minutes", "price", "ease", "tone", "speed"], 1), ("units", 30, ["x", "y", "z"], 1e5)]:
        cols, y = ratings(n, len(names))
        cols[0] = [scale * v + 3 * scale for v in cols[0]]
        p = len(names)
        x = [[1.0] + [c[i] for c in cols] for i in range(n)]
        b, iv, res, df, cov = ols(x, y)
        l = lmg(cols, y)
        r2 = r_squared([r[1:] for r in x], y)
        cor = lambda u, v: math.fsum((i - mean(u)) * (j - mean(v)) for i, j in zip(u, v)) / math.sqrt(math.fsum((i - mean(u)) ** 2 for i in u) * math.fsum((j - mean(v)) ** 2 for j in v))
        R = [[cor(u, v) for v in cols] for u in cols]
        ry = [cor(u, y) for u in cols]
        ev, q = jacobi(R)
        half = mul(mul(q, [[math.sqrt(e) if i == j else 0 for j in range(p)] for i, e in enumerate(ev)]), tr(q))
        bs = solve(half, ry)
        jw = [sum(half[i][j] ** 2 * bs[j] ** 2 for j in range(p)) for i in range(p)]
        jack = [lmg([c[:k] + c[k + 1:] for c in cols], y[:k] + y[k + 1:]) for k in range(n)] if p < 4 else None
        out = {"r_squared": r2, "adj_r_squared": 1 - (1 - r2) * (n - 1) / (n - p - 1), "predictors": names, "lmg": l, "lmg_share": [v / r2 for v in l], "johnson_relative_weight": jw,
               "johnson_share": [v / sum(jw) for v in jw], "standardised_beta": [bj * sd(c) / sd(y) for bj, c in zip(b[1:], cols)], "coef": dict(zip(["(Intercept)"] + names, b)),
               "se_ols": dict(zip(["(Intercept)"] + names, diag_se(cov))), "se_hc3": dict(zip(["(Intercept)"] + names, diag_se(hc3(x, iv, res)))), "vif": [v[i] for i, v in enumerate(inv(R))],
               "condition_number": math.sqrt(max(ev) / min(ev)), "zero_order_r": ry}
        if jack: out["lmg_jackknife_se"] = [math.sqrt((n - 1) / n * math.fsum((r[j] - mean([q[j] for q in jack])) ** 2 for r in jack)) for j in range(p)]
        case("drivers_importance", f"more-{id}", {"y": y, "X": dict(zip(names, cols))}, out, {"abs": 1e-8, "rel": 1e-8})

    names = ["ease", "help", "cost"]
    cols, y = ratings(150, 3, .3)
    low, high = 1, 4
    terms = [n + "_low" for n in names] + [n + "_high" for n in names]
    x = [[1.0] + [float(c[i] <= low) for c in cols] + [float(c[i] >= high) for c in cols] for i in range(150)]
    b, iv, res, df, _ = ols(x, y)
    cov = hc3(x, iv, res)
    se = diag_se(cov)
    t = t_crit(.9, df)
    lab = lambda v: dict(zip(["(Intercept)"] + terms, v))
    attrs = []
    for j, n in enumerate(names):
        pen, rew = b[1 + j], b[4 + j]
        st = (pen + rew) / math.sqrt(cov[1 + j][1 + j] + cov[4 + j][4 + j] + 2 * cov[1 + j][4 + j])
        attrs.append({"attribute": n, "penalty": pen, "reward": rew, "range": abs(pen) + abs(rew), "impact_asymmetry": (abs(rew) - abs(pen)) / (abs(rew) + abs(pen)), "asymmetry_t": st, "asymmetry_p": t_two(st, df)})
    case("drivers_penalty_reward", "more", {"y": y, "X": dict(zip(names, cols)), "low_max": low, "high_min": high, "level": .9},
         {"coef": lab(b), "se_hc3": lab(se), "p": lab([t_two(v / s, df) for v, s in zip(b, se)]), "ci_low": lab([v - t * s for v, s in zip(b, se)]), "ci_high": lab([v + t * s for v, s in zip(b, se)]),
          "r_squared": r_squared([r[1:] for r in x], y), "low_share": {n + "_low": mean([v <= low for v in c]) for n, c in zip(names, cols)}, "high_share": {n + "_high": mean([v >= high for v in c]) for n, c in zip(names, cols)}, "attributes": attrs})

    names = ["ease", "help"]
    cols, y = ratings(90, 2)
    cuts = [5, 8]
    klass = [0 if v <= cuts[0] else 1 if v <= cuts[1] else 2 for v in y]
    F = lambda v: 1 / (1 + math.exp(-v))
    def loglik(th):
        s = 0.0
        for i, k in enumerate(klass):
            eta = sum(bj * c[i] for bj, c in zip(th, cols))
            up = F(th[2 + k] - eta) if k < 2 else 1.0
            lo = F(th[1 + k] - eta) if k > 0 else 0.0
            s += math.log(up - lo)
        return s
    th, h = [.5, .5, 3.0, 5.0], 1e-4
    def derivatives(th):
        k = len(th)
        sh = lambda *d: loglik([v + sum(h * s for i, s in d if i == j) for j, v in enumerate(th)])
        g = [(sh((i, 1)) - sh((i, -1))) / (2 * h) for i in range(k)]
        H = [[(sh((i, 1), (j, 1)) - sh((i, 1), (j, -1)) - sh((i, -1), (j, 1)) + sh((i, -1), (j, -1))) / (4 * h * h) for j in range(k)] for i in range(k)]
        return g, H
    for _ in range(60):
        g, H = derivatives(th)
        step = solve(H, g)
        th = [v - s for v, s in zip(th, step)]
        if max(map(abs, step)) < 1e-8: break
    cov = inv([[-v for v in r] for r in derivatives(th)[1]])
    n = len(y)
    null = -2 * sum(klass.count(k) * math.log(klass.count(k) / n) for k in range(3))
    def nps_of(move):
        s = 0.0
        for i in range(n):
            eta = sum(bj * (min(5, c[i] + 1) if j == move else c[i]) for j, (bj, c) in enumerate(zip(th, cols)))
            s += 100 * ((1 - F(th[3] - eta)) - F(th[2] - eta)) / n
        return s
    zn = ["detractor|passive", "passive|promoter"]
    case("drivers_ordinal", "more", {"y": y, "X": dict(zip(names, cols)), "cuts": cuts}, {"coef": dict(zip(names, th)), "zeta": dict(zip(zn, th[2:])), "se": dict(zip(names + zn, diag_se(cov))),
         "deviance": -2 * loglik(th), "deviance_null": null, "mcfadden_r2": 1 + 2 * loglik(th) / null, "nps_effect_plus_one": {m: nps_of(j) - nps_of(-1) for j, m in enumerate(names)}})

    names = ["parking", "queue"]
    cols = [[int(rng.random() < .3) for _ in range(120)], [int(rng.random() < .2) for _ in range(120)]]
    y = [1 if (u := rng.random() - .35 * cols[0][i] + .1 * cols[1][i]) > .5 else 0 if u > .25 else -1 for i in range(120)]
    x = [[1.0] + [float(c[i]) for c in cols] for i in range(120)]
    det = [float(v == -1) for v in y]
    b, cov, mu = glm(x, det, "logit")
    ame = []
    for j, m in enumerate(names):
        def effect(b): return mean([F(dot(r[:1 + j] + [1.0] + r[2 + j:], b)) - F(dot(r[:1 + j] + [0.0] + r[2 + j:], b)) for r in x])
        g = [(effect([v + 1e-5 * (i == k) for i, v in enumerate(b)]) - effect([v - 1e-5 * (i == k) for i, v in enumerate(b)])) / 2e-5 for k in range(3)]
        se = math.sqrt(dot(g, vec(cov, g)))
        ame.append({"theme": m, "ame": effect(b), "se_delta": se, "ci": [effect(b) - z_crit(.95) * se, effect(b) + z_crit(.95) * se]})
    dev = -2 * math.fsum(math.log(m if v else 1 - m) for v, m in zip(det, mu))
    pts = [100.0 * v for v in y]
    lb, iv, res, df, _ = ols(x, pts)
    se = diag_se(hc3(x, iv, res))
    impact = []
    for j, m in enumerate(names):
        w = [v for v, c in zip(pts, cols[j]) if c]
        wo = [v for v, c in zip(pts, cols[j]) if not c]
        s = len(w) / 120
        e, t = lb[1 + j], t_crit(.95, df)
        impact.append({"theme": m, "share": s, "nps_with": mean(w), "nps_without": mean(wo), "crude_impact": mean(pts) - mean(wo), "adjusted_effect": e, "adjusted_se_hc3": se[1 + j],
                       "adjusted_impact": s * e, "adjusted_impact_ci": [s * (e - t * se[1 + j]), s * (e + t * se[1 + j])]})
    lab = lambda v: dict(zip(["(Intercept)"] + names, v))
    case("drivers_theme", "more", {"score_class": y, "themes": dict(zip(names, cols))}, {"logit_coef": lab(b), "logit_se": lab(diag_se(cov)), "deviance": dev, "ame": ame, "impact": impact, "overall_nps": mean(pts)})

    names = ["u", "v", "w"]
    cols, y = ratings(40, 3, 2)
    n = 40
    z = tr([[(v - mean(c)) / math.sqrt(var(c) * (n - 1) / n) for v in c] for c in cols])
    yc = [v - mean(y) for v in y]
    rows = []
    for lam in (0, .5, 7, 300):
        ztz = mul(tr(z), z)
        reg = [[v + lam * (i == j) for j, v in enumerate(r)] for i, r in enumerate(ztz)]
        b = solve(reg, vec(tr(z), yc))
        hat = mul(inv(reg), ztz)
        df = sum(hat[i][i] for i in range(3))
        rss = math.fsum((u - dot(r, b)) ** 2 for u, r in zip(yc, z))
        rows.append({"lambda": lam, "coef_standardised": b, "df": df, "gcv": rss / n / (1 - (df + 1) / n) ** 2})
    case("drivers_ridge", "more", {"y": y, "X": dict(zip(names, cols))}, rows)

    for id, x, n, se, nse, sp, nsp, level in [("all", 50, 50, .9, 100, .9, 300, .95), ("none", 0, 900, .85, 120, .96, 400, .9), ("weak", 30, 90, .65, 100, .6, 100, .95), ("perfect", 33, 100, 1, 200, 1, 200, .95)]:
        q, j = x / n, se + sp - 1
        out = {"apparent": q, "corrected": None, "se": None, "ci": None, "bias_if_uncorrected": None}
        if se + sp >= 1.3:
            p = min(1, max(0, (q + sp - 1) / j))
            s = math.sqrt(q * (1 - q) / n + p * p * se * (1 - se) / nse + (1 - p) ** 2 * sp * (1 - sp) / nsp) / j
            out = {"apparent": q, "corrected": p, "se": s, "ci": clamp([p - z_crit(level) * s, p + z_crit(level) * s], 0, 1), "bias_if_uncorrected": q - p}
        case("misclassification", f"more-{id}", {"x": x, "n": n, "sens": se, "n_sens": nse, "spec": sp, "n_spec": nsp, "level": level}, out)


# ---- early warning ---------------------------------------------------------------------------------------------------

def nb_logpmf(y, m, v):
    if v <= m: return y * math.log(m) - m - math.lgamma(y + 1)
    r = m * m / (v - m)
    return math.lgamma(y + r) - math.lgamma(r) - math.lgamma(y + 1) + r * math.log(r / (r + m)) + y * math.log(m / (r + m))


def upper(y, m, v):
    """P(Y > y), from the top down."""
    top = int(m + 60 * math.sqrt(v) + 200)
    return math.fsum(math.exp(nb_logpmf(k, m, v)) for k in range(top, int(y), -1))


def watch():
    rng = random.Random(7)
    for id, n, train, period, cut, k, lam, L, rho in [("daily", 80, [1, 63], 7, 2.0, .25, .3, 2.5, 2), ("late", 70, [6, 60], 52, 2.58, .5, .1, 3, 1.25)]:
        expo = [rng.randint(500, 900) for _ in range(n)]
        y = []
        for t in range(n):
            m = expo[t] * .03 * math.exp(.3 * math.cos(2 * math.pi * t / period)) * (4 if t % 17 == 5 else 1) * (2 if t > n - 6 else 1)
            y.append(max(0, round(rng.gauss(m, math.sqrt(1.6 * m)))))
        row = lambda w: [1.0, float(w), math.cos(2 * math.pi * w / period), math.sin(2 * math.pi * w / period)]
        ws = range(train[0], train[1] + 1)
        x, yy, off = [row(w) for w in ws], [y[w - 1] for w in ws], [math.log(expo[w - 1]) for w in ws]
        b, iv, mu = glm(x, yy, "poisson", offset=off)
        phi = max(1, math.fsum((a - m) ** 2 / m for a, m in zip(yy, mu)) / (len(x) - 4))
        hat = [m * dot(r, vec(iv, r)) for m, r in zip(mu, x)]
        s = [1.5 * (a ** (2 / 3) * m ** (-1 / 6) - m ** .5) / math.sqrt(phi * (1 - h)) for a, m, h in zip(yy, mu, hat)]
        w = [v ** -2 if v > cut else 1 for v in s]
        w = [v * len(x) / math.fsum(w) for v in w]
        names = ["(Intercept)", "t", "c1", "s1"]
        first = {"coef": dict(zip(names, b)), "phi": phi}
        b, iv, mu = glm(x, yy, "poisson", w, off)
        phi = max(1, math.fsum(u * (a - m) ** 2 / m for u, a, m in zip(w, yy, mu)) / (len(x) - 4))
        cov = [[phi * v for v in r] for r in iv]
        out = {"first_fit": first, "anscombe_first_pass": s, "weights": w, "refit": {"coef": dict(zip(names, b)), "phi": phi, "cov_scaled": cov}}
        cols = {c: [] for c in ("mu", "se_lp", "var_pred", "nb_size", "p_upper_strict", "mid_p", "z", "threshold_99", "spike_flag_001", "llr")}
        for t in range(train[1] + 1, n + 1):
            m = expo[t - 1] * math.exp(dot(row(t), b))
            q = dot(row(t), vec(cov, row(t)))
            v = max(phi * m + m * m * q, 1.0001 * m)
            up = upper(y[t - 1], m, v)
            mid = up + .5 * math.exp(nb_logpmf(y[t - 1], m, v))
            thr, total = 0, math.exp(nb_logpmf(0, m, v))
            while total < .99:
                thr += 1
                total += math.exp(nb_logpmf(thr, m, v))
            for c, val in zip(cols, (m, math.sqrt(q), v, m * m / (v - m), up, mid, phi_inv(1 - mid), thr, mid < .01, nb_logpmf(y[t - 1], rho * m, rho * v) - nb_logpmf(y[t - 1], m, v))): cols[c].append(val)
        out.update(cols)
        def cusum(x, k=0.0):
            s, o = 0.0, []
            for v in x:
                s = max(0, s + v - k)
                o.append(s)
            return o
        out["cusum_up"], out["cusum_down"], out["llr_cusum"] = cusum(cols["z"], k), cusum([-v for v in cols["z"]], k), cusum(cols["llr"])
        e, ew, lim = 0.0, [], []
        for i, v in enumerate(cols["z"]):
            e = (1 - lam) * e + lam * v
            ew.append(e)
            lim.append(L * math.sqrt(lam / (2 - lam) * (1 - (1 - lam) ** (2 * i + 2))))
        out["ewma"], out["ewma_limit"] = ew, lim
        first = lambda ok: next((train[1] + 1 + i for i, v in enumerate(ok) if v), None)
        out["cusum_alarm_h4_first"], out["ewma_alarm_first"] = first([v > 4 for v in out["cusum_up"]]), first([a > b for a, b in zip(ew, lim)])
        out["llr_cusum_first_above_ln260"] = first([v > math.log(260) for v in out["llr_cusum"]])
        case("anomaly_baseline_nb", f"more-{id}", {"y": y, "exposure": expo, "train_weeks": train, "period": period, "anscombe_cut": cut, "k": k, "lambda": lam, "ewma_L": L, "rho": rho}, out)

    y, mu0, mu1, lam, L, h = [3, 0, 0, 1, 2, 9, 4, 0, 6, 12, 1], 2, 5, .4, 2, 4
    k = (mu1 - mu0) / math.log(mu1 / mu0)
    def run(x, k, start=0.0):
        s, o = start, []
        for v in x:
            s = max(0, s + v - k)
            o.append(s)
        return o
    e, ew, lim = mu0, [], []
    for i, v in enumerate(y):
        e = (1 - lam) * e + lam * v
        ew.append(e)
        lim.append(mu0 + L * math.sqrt(mu0 * lam / (2 - lam) * (1 - (1 - lam) ** (2 * i + 2))))
    lr = run([nb_logpmf(v, mu1, mu1) - nb_logpmf(v, mu0, mu0) for v in y], 0)
    flags = lambda ok: [i + 1 for i, v in enumerate(ok) if v]
    def quantile(m, v):
        q, t = 0, math.exp(nb_logpmf(0, m, v))
        while t < .99:
            q += 1
            t += math.exp(nb_logpmf(q, m, v))
        return q
    case("anomaly_simple", "more", {"y": y, "mu0": mu0, "mu1": mu1, "lambda": lam, "L": L, "h": h}, {"ewma": ew, "ewma_limit": lim, "ewma_flags": flags([a > b for a, b in zip(ew, lim)]), "k": k,
         "cusum": run(y, k), "cusum_flags": flags([v > h for v in run(y, k)]), "cusum_fir": run(y, k, h / 2), "cusum_fir_flags": flags([v > h for v in run(y, k, h / 2)]), "lr_cusum": lr,
         "lr_flags_ln100": flags([v > math.log(100) for v in lr]), "quantile99": [quantile(mu0, c * mu0) for c in (1, 1.5, 3)],
         "upper_p_poisson": [upper(v - 1, mu0, mu0) for v in y], "upper_p_nb_phi15": [upper(v - 1, mu0, 1.5 * mu0) for v in y]})

    y, base = [rng.randint(0, 9) for _ in range(20)] + [25, 3], 5
    def bound(t, lag): w = y[t - lag - base:t - lag]; return mean(w), sd(w)
    c2 = [(y[t] - bound(t, 2)[0]) / bound(t, 2)[1] for t in range(base + 2, len(y))]
    c3 = [sum(max(0, c2[i - j] - 1) for j in range(3)) for i in range(2, len(c2))]
    out = {}
    for name, lag in (("C1", 0), ("C2", 2)):
        first = base + lag
        ub = [bound(t, lag)[0] + phi_inv(.999) * bound(t, lag)[1] for t in range(first, len(y))]
        out[name] = {"method": name, "alpha": .001, "first_index": first + 1, "upperbound": ub, "alarm_index": [first + i + 1 for i, u in enumerate(ub) if y[first + i] > u]}
    out["C3_textbook"] = {"first_index": base + 5, "c2": c2, "c3": c3, "alarm_rule": "C3>2", "alarm_index": [base + 5 + i for i, v in enumerate(c3) if v > 2]}
    case("anomaly_ears", "more", {"y": y, "baseline": base}, out)

    for id, key, most, alpha in [("plain", "x", 4, .05), ("robust", "residual", 5, .01)]:
        x = [round(rng.gauss(0, 1), 3) for _ in range(31)]
        x[4], x[20] = 7.5, -6.25
        left, R, lams, removed, count = list(range(31)), [], [], [], 0
        for i in range(1, most + 1):
            v = [x[j] for j in left]
            c, s = mean(v), sd(v)
            if key == "residual":
                med = lambda u: (sorted(u)[(len(u) - 1) // 2] + sorted(u)[len(u) // 2]) / 2
                c = med(v)
                s = 1.4826 * med([abs(u - c) for u in v])
            worst = max(left, key=lambda j: abs(x[j] - c))
            R.append(abs(x[worst] - c) / s)
            t = t_crit(1 - alpha / (31 - i + 1), 31 - i - 1)
            lams.append((31 - i) * t / math.sqrt((31 - i - 1 + t * t) * (31 - i + 1)))
            removed.append(worst + 1)
            left.remove(worst)
            if R[-1] > lams[-1]: count = i
        case("anomaly_gesd", f"more-{id}", {key: x, "max_outliers": most, "alpha": alpha}, {"R": R, "lambda": lams, "removed": removed, "n_outliers": count})

    y, a0, b0, hz = [1, 0, 2, 1, 9, 11, 8, 10], 2, .5, .1
    post, like, modes, all_posts = [1.0], [], [], []
    for t in range(len(y)):
        pred = []
        for r in range(len(post)):
            seg = y[t - r:t]  # the r counts of the current run
            m, s = a0 + sum(seg), b0 + r
            # a Gamma mixture of Poissons, integrated by its normalising constants
            pred.append(math.exp(m * math.log(s) - (m + y[t]) * math.log(s + 1) + math.lgamma(m + y[t]) - math.lgamma(m) - math.lgamma(y[t] + 1)))
        joint = [p * q for p, q in zip(post, pred)]
        total = math.fsum(joint)
        post = [hz * total] + [(1 - hz) * v for v in joint]
        post = [v / total for v in post]
        like.append(math.log(total))
        modes.append(max(range(len(post)), key=lambda r: post[r]))
        all_posts.append(post)
    case("anomaly_bocpd", "more", {"y": y, "a0": a0, "b0": b0, "hazard": hz}, {"map_run_length": modes, "log_predictive": like, "run_length_posterior_last": post, "run_length_posterior_t3": all_posts[2]})

    def poisson_arl(m, k, h, den):
        n, step = round(h * den), round(k * den)
        a = [[float(i == j) for j in range(n)] for i in range(n)]
        for i in range(n):
            for c in range(400):
                j = max(0, i + c * den - step)
                if j >= n: break
                a[i][j] -= math.exp(c * math.log(m) - m - math.lgamma(c + 1))
        return solve(a, [1.0] * n)[0]
    case("arl_tables", "more-poisson", None, [{"mu0": m, "mu1": m1, "k": k, "h": h, "arl0": poisson_arl(m, k, h, d), "arl1": poisson_arl(m1, k, h, d)}
         for m, m1, k, h, d in [(2, 4, 3, 5, 1), (6, 9, 7.5, 10, 2), (.5, 1.5, .9, 3, 10)]])
    def normal_chain(k, h, shift, n):
        # Brook and Evans: the sum rounded to n states
        w = 2 * h / (2 * n - 1)
        P = lambda z: .5 * math.erfc(-z / math.sqrt(2))
        a = [[float(i == j) - ((P((0 - i) * w + w / 2 + k - shift)) if j == 0 else P((j - i) * w + w / 2 + k - shift) - P((j - i) * w - w / 2 + k - shift)) for j in range(n)] for i in range(n)]
        return solve(a, [1.0] * n)[0]
    def extrapolated(*a): x, y = normal_chain(*a, 60), normal_chain(*a, 120); return y + (y - x) / 3  # the error falls with the square
    case("arl_tables", "more-normal", None, [{"k": k, "h": h, "arl0_onesided": extrapolated(k, h, 0), "arl_shift_0.75": extrapolated(k, h, .75), "siegmund_arl0": (math.exp(2 * k * (h + 1.166)) - 2 * k * (h + 1.166) - 1) / (2 * k * k)}
         for k, h in [(.4, 3.5), (.75, 2.2)]])


# ---- did it work -----------------------------------------------------------------------------------------------------

def ar_gls(x, y, rho):
    """Generalised least squares with the whole correlation matrix."""
    n, k = len(y), len(x[0])
    V = [[rho ** abs(i - j) for j in range(n)] for i in range(n)]
    sol = solve(V, [r + [v] for r, v in zip(x, y)])
    vx, vy = [r[:k] for r in sol], [r[k] for r in sol]
    info = mul(tr(x), vx)
    b = solve(info, vec(tr(x), vy))
    e = [v - dot(r, b) for r, v in zip(x, y)]
    rss = dot(e, [u - dot(r, b) for u, r in zip(vy, vx)])
    s2 = rss / (n - k)
    ll = -(n - k) / 2 * (math.log(2 * math.pi * s2) + 1) - logdet(V) / 2 - logdet(info) / 2
    return b, [[s2 * v for v in r] for r in inv(info)], ll, e


def reml(x, y):
    best = max((ar_gls(x, y, r / 20)[2], r / 20) for r in range(-18, 20))[1]
    low, high = max(-.9, best - .05), min(.98, best + .05)
    g = (math.sqrt(5) - 1) / 2
    for _ in range(22):
        u, v = high - g * (high - low), low + g * (high - low)
        if ar_gls(x, y, u)[2] > ar_gls(x, y, v)[2]: high = v
        else: low = u
    rho = (low + high) / 2
    return (rho,) + ar_gls(x, y, rho)


def newey(scores, iv, lag):
    k, n = len(iv), len(scores)
    meat = [[math.fsum(scores[i][a] * scores[i - l][b] * (1 - abs(l) / (lag + 1)) for i in range(n) for l in range(-lag, lag + 1) if 0 <= i - l < n) for b in range(k)] for a in range(k)]
    return mul(mul(iv, meat), iv)


def effects():
    rng = random.Random(8)
    for id, n, t0, lag, rho in [("short", 24, 15, 2, .6), ("negative", 36, 20, 4, -.4)]:
        e, y = 0.0, []
        for t in range(1, n + 1):
            e = rho * e + rng.gauss(0, 1)
            y.append(20 + .2 * t - (3 + .1 * (t - t0) if t > t0 else 0) + e)
        x = [[1.0, float(t), float(t > t0), float(max(0, t - t0))] for t in range(1, n + 1)]
        names = ["(Intercept)", "t", "level", "slope"]
        b, iv, res, df, cov = ols(x, y)
        lab = lambda v: dict(zip(names, v))
        nw = newey([[u * r for u in row] for row, r in zip(x, res)], iv, lag)
        nws = [[v * n / df for v in r] for r in nw]
        se = math.sqrt(nws[2][2])
        t = t_crit(.95, df)
        pr = 0.0
        for _ in range(400):  # Prais-Winsten
            pb, pc, _, pe = ar_gls(x, y, pr)
            new = math.fsum(pe[i] * pe[i - 1] for i in range(1, n)) / math.fsum(v * v for v in pe[:-1])
            if abs(new - pr) < 1e-12: break
            pr = new
        pb, pc, _, _ = ar_gls(x, y, pr)
        r, gb, gc, ll, _ = reml(x, y)
        after = x[t0:]
        con = [0.0, 0.0, mean([v[2] for v in after]), mean([v[3] for v in after])]
        q = lambda c: math.sqrt(dot(con, vec(c, con)))
        cf = mean([dot(v[:2] + [0, 0], b) for v in after])
        case("its_segmented", f"more-{id}", {"y": y, "last_pre_index": t0, "hac_lag": lag}, {"ols": {"coef": lab(b), "se": lab(diag_se(cov)), "df": df},
             "durbin_watson": math.fsum((u - v) ** 2 for u, v in zip(res[1:], res)) / dot(res, res), "lag": lag, "newey_west": {"se": lab(diag_se(nw)), "cov_level_slope": nw[2][3]},
             "newey_west_small_sample": {"se": lab(diag_se(nws)), "ci_level": [b[2] - t * se, b[2] + t * se], "t_level": b[2] / se, "p_level": t_two(b[2] / se, df)},
             "prais_winsten": {"rho": pr, "coef": lab(pb), "se": lab(diag_se(pc))}, "gls_reml_ar1": {"rho": r, "coef": lab(gb), "se": lab(diag_se(gc)), "loglik_reml": ll},
             "mean_effect_post": {"ols": dot(con, b), "se_newey_west_small_sample": q(nws), "gls": dot(con, gb), "se_gls": q(gc)}, "relative_effect_post_ols": dot(con, b) / cf, "counterfactual_mean_post": cf},
             {"abs": 1e-6, "rel": 1e-6})

    for id, n, t0, m, full in [("rare", 30, 18, 4, False), ("many", 40, 26, 60, True)]:
        expo = [rng.randint(800, 1500) for _ in range(n)]
        y = [max(0, round(rng.gauss(mu := m * e / 1000 * (.5 if t >= t0 else 1), math.sqrt(2 * mu)))) for t, e in enumerate(expo)]
        off = [math.log(e) for e in expo]
        def fit(slope):
            x = [[1.0, float(t), float(t > t0)] + ([float(max(0, t - t0))] if slope else []) for t in range(1, n + 1)]
            b, iv, mu = glm(x, y, "poisson", offset=off)
            phi = math.fsum((u - v) ** 2 / v for u, v in zip(y, mu)) / (n - len(b))
            return x, b, iv, mu, phi, newey([[u * (a - v) for u in r] for r, a, v in zip(x, y, mu)], iv, 2)
        x, b, iv, mu, phi, nw = fit(False)
        root = [math.sqrt(v) for v in mu]
        rho = reml([[u * s for u in r] for r, s in zip(x, root)], [(a - v) / s for a, v, s in zip(y, mu, root)])[0]
        used, df = max(0, rho), n - 3
        se_model = math.sqrt(phi * iv[2][2])
        se = math.sqrt(max(1, phi) * iv[2][2] * (1 + used) / (1 - used))
        t = t_crit(.95, df)
        ci = lambda b, s, q: [math.exp(b - q * s), math.exp(b + q * s)]
        lab = lambda v: dict(zip(["(Intercept)", "t", "level", "slope"], v))
        if not full:
            case("its_counts", f"more-{id}", {"y": y, "exposure": expo, "last_pre_index": t0}, {"coef": lab(b), "phi": phi, "phi_used_min1": max(1, phi), "rho_reml_pearson": rho, "rho_used": used, "se_model": se_model,
                 "se_level": se, "rate_ratio": math.exp(b[2]), "rr_ci": ci(b[2], se, t)}, {"abs": 1e-6, "rel": 1e-6})
            continue
        xa, ba, iva, _, phia, nwa = fit(True)
        logs = [math.log((u + .5) / e) for u, e in zip(y, expo)]
        lr, lb, lc, _, _ = reml(x, logs)
        _, _, _, _, oc = ols(x, logs)
        lse = max(math.sqrt(lc[2][2]), math.sqrt(oc[2][2]))
        pos = lambda b: (math.fsum(math.exp(off[i] + b[0] + b[1] * (i + 1)) for i in range(t0, n)), math.fsum(math.exp(off[i] + dot(x[i], b)) for i in range(t0, n)))
        g = [(lambda up, dn: ((up[0] - up[1]) - (dn[0] - dn[1])) / 2e-6)(pos([v + 1e-6 * (i == j) for i, v in enumerate(b)]), pos([v - 1e-6 * (i == j) for i, v in enumerate(b)])) for j in range(3)]
        sav = math.sqrt(dot(g, vec(nw, g)))
        cf, ft = pos(b)
        snw = math.sqrt(nw[2][2])
        case("its_counts", f"more-{id}", {"y": y, "exposure": expo, "last_pre_index": t0, "hac_lag": 2},
             {"A": {"coef": lab(ba), "phi": phia, "se_model": lab([math.sqrt(phia * iva[i][i]) for i in range(4)]), "se_nw": lab(diag_se(nwa))},
              "B": {"coef": lab(b), "phi": phi, "se_model": lab([math.sqrt(phi * iv[i][i]) for i in range(3)]), "se_nw": lab(diag_se(nw)), "rate_ratio": math.exp(b[2]), "rr_ci_model": ci(b[2], se_model, t), "rr_ci_nw": ci(b[2], snw, t)},
              "B_ar_inflated": {"rho_reml_pearson": rho, "rho_used": used, "se_level": se, "rr_ci": ci(b[2], se, t), "t": b[2] / se, "p": t_two(b[2] / se, df)},
              "B_log_gls_reml": {"rho": lr, "level": lb[2], "se": lse, "se_ols": math.sqrt(oc[2][2]), "rate_ratio": math.exp(lb[2]), "rr_ci": ci(lb[2], lse, t)},
              "avoided": {"counterfactual_post": cf, "fitted_post": ft, "observed_post": sum(y[t0:]), "avoided": cf - ft, "se_delta_nw": sav, "ci": [cf - ft - z_crit(.95) * sav, cf - ft + z_crit(.95) * sav]}},
             {"abs": 1e-6, "rel": 1e-5})

    for xb, eb, xa, ea, level in [(9, 800, 0, 900, .95), (1, 50, 1, 70, .9), (30, 1000, 45, 900, .99)]:
        n, share = xb + xa, ea / (eb + ea)
        tail = (1 - level) / 2
        lo = 0.0 if xa == 0 else bisect(lambda q: tail - (1 - binom_cdf(xa - 1, n, q)), 0, 1, 100)
        hi = bisect(lambda q: binom_cdf(xa, n, q) - tail, 1e-12, 1 - 1e-12, 100)
        odds = lambda q: q / (1 - q) * eb / ea
        pr = [math.comb(n, k) * share ** k * (1 - share) ** (n - k) for k in range(n + 1)]
        ra, rb, z = xa / ea, xb / eb, z_crit(level)
        s = math.sqrt(1 / xa + 1 / xb) if xa else None
        d = math.sqrt(xb / eb ** 2 + xa / ea ** 2)
        case("rate_ratio", f"more-{xb}-{eb}-{xa}-{ea}", {"x_before": xb, "exposure_before": eb, "x_after": xa, "exposure_after": ea, "level": level}, {"rate_before": rb, "rate_after": ra, "rate_ratio": ra / rb,
             "exact_ci": [odds(lo), odds(hi)], "exact_p": min(1, sum(p for p in pr if p <= pr[xa] * (1 + 1e-7))), "wald_log_ci": [ra / rb * math.exp(-z * s), ra / rb * math.exp(z * s)] if xa else None,
             "rate_difference": ra - rb, "rd_wald_ci": [ra - rb - z * d, ra - rb + z * d]})

    units, times, last, treated = [3, 1, 7, 4], range(11, 21), 16, 7
    cells = [(u, t, rng.randint(20, 60) + 10 * (u == 4) - 12 * (u == treated and t > last), rng.randint(900, 1400)) for u in units for t in times]
    def design(cells, d): us, ts = sorted({c[0] for c in cells}), sorted({c[1] for c in cells}); return [[float(d(c))] + [float(c[0] == u) for u in us] + [float(c[1] == t) for t in ts[1:]] for c in cells]
    g = lambda tr_, po: [c for c in cells if (c[0] == treated) == tr_ and (c[1] > last) == po]
    parts = [g(True, False), g(True, True), g(False, False), g(False, True)]
    mr = [mean([1000 * c[2] / c[3] for c in p]) for p in parts]
    ev, ex = [sum(c[2] for c in p) for p in parts], [sum(c[3] for c in p) for p in parts]
    lrr = math.log(ev[1] / ex[1] / (ev[0] / ex[0]) / (ev[3] / ex[3] / (ev[2] / ex[2])))
    s = math.sqrt(sum(1 / v for v in ev))
    z = z_crit(.95)
    eff = lambda c: c[0] == treated and c[1] > last
    x = design(cells, eff)
    b, iv, res, df, cov = ols(x, [math.log((c[2] + .5) / c[3]) for c in cells])
    k, n, G = len(b), len(cells), len(units)
    meat = [[0.0] * k for _ in range(k)]
    for u in units:
        sc = [math.fsum(r[a] * e for r, e, c in zip(x, res, cells) if c[0] == u) for a in range(k)]
        meat = [[m + p * q for m, q in zip(row, sc)] for row, p in zip(meat, sc)]
    cr = mul(mul(iv, meat), iv)[0][0] * G / (G - 1) * (n - 1) / (n - k)
    off = lambda cs: [math.log(c[3]) for c in cs]
    def qp(cs, d):
        x = design(cs, d)
        b, iv, mu = glm(x, [c[2] for c in cs], "poisson", offset=off(cs))
        phi = math.fsum((c[2] - m) ** 2 / m for c, m in zip(cs, mu)) / (len(cs) - len(b))
        return b[0], math.sqrt(phi * iv[0][0]), phi, len(cs) - len(b)
    pb, ps, phi, _ = qp(cells, eff)
    controls = [c for c in cells if c[0] != treated]
    plac = [qp(controls, lambda c, u=u: c[0] == u and c[1] > last)[0] for u in units if u != treated]
    tb, ts, _, tdf = qp([c for c in cells if c[1] <= last], lambda c: c[1] if c[0] == treated else 0)
    case("did", "more-panel", {"unit": [c[0] for c in cells], "time": [c[1] for c in cells], "y": [c[2] for c in cells], "exposure": [c[3] for c in cells], "treated_unit": treated, "last_pre_time": last},
         {"did_2x2_mean_rate": mr[1] - mr[0] - mr[3] + mr[2], "means": dict(zip(("treated_pre", "treated_post", "control_pre", "control_post"), mr)), "totals": {**dict(zip("abcd", ev)), "exposure": ex},
          "ratio_of_rate_ratios": {"ratio_of_rate_ratios": math.exp(lrr), "log_se": s, "ci": [math.exp(lrr - z * s), math.exp(lrr + z * s)], "z": lrr / s, "p": two_sided(lrr / s)},
          "twfe_log": {"coef": b[0], "se_ols": math.sqrt(cov[0][0]), "se_cluster_cr1": math.sqrt(cr)}, "twfe_quasipoisson": {"coef": pb, "se": ps, "phi": phi, "rate_ratio": math.exp(pb)},
          "placebo": {"coefs": plac, "p_rank": (1 + sum(abs(v) >= abs(pb) for v in plac)) / (1 + len(plac))}, "pretrend": {"coef": tb, "se": ts, "p": t_two(tb / ts, tdf)}}, {"abs": 1e-6, "rel": 1e-6})
    for id, j, spread, phi in [("alike", 6, 0.0, 2.0), ("different", 9, .5, 1.0)]:
        eb, ea = [rng.randint(5000, 9000) for _ in range(j)], [rng.randint(5000, 9000) for _ in range(j)]
        be = [rng.randint(3, 40) * 5 for _ in range(j)]
        af = [max(0, round(v * math.exp(rng.gauss(0, spread)) * a / b)) for v, a, b in zip(be, ea, eb)]
        af[2] = 0
        delta = [math.log((a + .5) / x) - math.log((b + .5) / y) for a, x, b, y in zip(af, ea, be, eb)]
        v = [phi * (1 / (b + .5) + 1 / (a + .5)) for a, b in zip(af, be)]
        tix = 2
        c, w = [d for i, d in enumerate(delta) if i != tix], [u for i, u in enumerate(v) if i != tix]
        def q(t2):
            ws = [1 / (u + t2) for u in w]
            m = dot(ws, c) / sum(ws)
            return math.fsum(k * (d - m) ** 2 for k, d in zip(ws, c)) - (len(c) - 1), m, sum(ws)
        t2 = bisect(lambda t: q(t)[0], 0, 100) if q(0)[0] > 0 else 0.0
        _, m, sw = q(t2)
        def show(e, s): t = t_crit(.95, j - 2); return {"log_effect": e, "se": s, "df": j - 2, "rate_ratio": math.exp(e), "ci": [math.exp(e - t * s), math.exp(e + t * s)], "p": t_two(e / s, j - 2)}
        case("did", f"more-{id}", {"before": be, "after": af, "exposure_before": eb, "exposure_after": ea, "treated_index": tix + 1, "phi": phi}, {"delta": delta, "v": v,
             "equal_variance": show(delta[tix] - mean(c), sd(c) * math.sqrt(1 + 1 / len(c))), "paule_mandel": {**show(delta[tix] - m, math.sqrt(v[tix] + t2 + 1 / sw)), "tau2": t2, "control_mean": m}}, {"abs": 1e-6, "rel": 1e-6})

    n, t0, so, sl = 30, 21, 2.0, .5
    level, xs, y = 0.0, [], []
    for t in range(n):
        level += rng.gauss(0, math.sqrt(sl))
        xs.append(round(40 + 5 * math.sin(t / 3) + rng.gauss(0, 1), 2))
        y.append(round(level + .8 * xs[-1] + rng.gauss(0, math.sqrt(so)) - (6 if t >= t0 else 0), 2))
    # Kalman's filter for the state (level, beta), both unknown at first: a first state of great variance, in fractions so that nothing cancels.
    K, S, L = Fraction(10) ** 14, Fraction(so), Fraction(sl)
    def kalman(start, upto):
        a, P, ll = list(start[0]), [list(r) for r in start[1]], 0.0
        for t in range(upto):
            if t: P[0][0] += L
            x, v = Fraction(str(xs[t])), Fraction(str(y[t]))
            h = [Fraction(1), x]
            Ph = [P[0][0] * h[0] + P[0][1] * h[1], P[1][0] * h[0] + P[1][1] * h[1]]
            f = Ph[0] * h[0] + Ph[1] * h[1] + S
            e = v - a[0] - a[1] * x
            a = [(a[i] + Ph[i] * e / f).limit_denominator(10 ** 40) for i in range(2)]
            P = [[(P[i][j] - Ph[i] * Ph[j] / f).limit_denominator(10 ** 40) for j in range(2)] for i in range(2)]
        return a, P
    a, P = kalman(([Fraction(0)] * 2, [[K, 0], [0, K]]), t0)
    h = n - t0
    C = [[float(P[0][0] + L * (min(i, j) + 1) + P[0][1] * (Fraction(str(xs[t0 + i])) + Fraction(str(xs[t0 + j]))) + P[1][1] * Fraction(str(xs[t0 + i])) * Fraction(str(xs[t0 + j]))) + so * (i == j) for j in range(h)] for i in range(h)]
    cf = [float(a[0]) + float(a[1]) * xs[t0 + i] for i in range(h)]
    effect = [u - v for u, v in zip(y[t0:], cf)]
    cum = list(itertools.accumulate(effect))
    cse = [math.sqrt(math.fsum(C[i][j] for i in range(k + 1) for j in range(k + 1))) for k in range(h)]
    case("structural_counterfactual", "more-kalman", {"y": y, "x": xs, "last_pre_index": t0, "sigma2_obs": so, "sigma2_level": sl}, {"counterfactual": cf, "counterfactual_sd": [math.sqrt(C[i][i]) for i in range(h)],
         "effect": effect, "cumulative": cum, "cumulative_sd": cse, "mean_effect": cum[-1] / h, "mean_effect_sd": cse[-1] / h, "relative_effect": cum[-1] / math.fsum(cf), "p_one_sided": two_sided(cum[-1] / cse[-1]) / 2}, {"abs": 1e-6})

    donors = [[round(10 + j + rng.gauss(0, 1), 2) for _ in range(22)] for j in range(3)]
    treat = [round(.3 * donors[0][t] + .7 * donors[2][t] + rng.gauss(0, .2) - (2 if t >= 15 else 0), 2) for t in range(22)]
    def synth(y, ds, t0):
        best = None
        for k in range(1, len(ds) + 1):  # all sets of donors in use; within one, the weights solve an equation
            for s in itertools.combinations(range(len(ds)), k):
                last = ds[s[-1]]
                w = [1.0] if k == 1 else wls([[ds[j][t] - last[t] for j in s[:-1]] for t in range(t0)], [y[t] - last[t] for t in range(t0)])[0]
                if k > 1: w = w + [1 - sum(w)]
                if min(w) < 0: continue
                err = sum((y[t] - sum(a * ds[j][t] for a, j in zip(w, s))) ** 2 for t in range(t0))
                if best is None or err < best[0]: best = (err, dict(zip(s, w)))
        full = [best[1].get(j, 0.0) for j in range(len(ds))]
        gap = [y[t] - sum(a * d[t] for a, d in zip(full, ds)) for t in range(len(y))]
        pre, post = math.sqrt(mean([v * v for v in gap[:t0]])), math.sqrt(mean([v * v for v in gap[t0:]]))
        return full, gap, pre, post, post / pre
    w, gap, pre, post, ratio = synth(treat, donors, 15)
    rd = [synth(d, donors[:i] + donors[i + 1:], 15)[4] for i, d in enumerate(donors)]
    case("synthetic_control", "more", {"treated": treat, "donors": donors, "last_pre_index": 15}, {"weights": w, "gap_post": gap[15:], "mean_effect": mean(gap[15:]), "rmspe_pre": pre, "rmspe_post": post, "ratio_treated": ratio,
         "ratios_donors": rd, "p_rank": (1 + sum(r >= ratio for r in rd)) / 4}, {"abs": 1e-6})

    for m, r, d, y_, now in [(90, .5, 0, None, True), (200, .95, .08, 3, True), (50, 1, 0, 4, False), (10, 0, .1, None, False), (10, 1, 0, None, False)]:
        terms = y_ or 4000
        v = sum(m * (r / (1 + d)) ** t for t in range(1, terms + 1)) + m * now
        i = {"margin_per_year": m, "retention": r, "discount": d, "first_payment_now": now}
        if y_: i["years"] = y_
        case("cost_model", f"more-ltv-{m}-{r}-{d}", i, None if r == 1 and not y_ else v)
    for id, one, av in [("sure", 24000, [1025.2, 208.9]), ("free", 0, [300, 100]), ("loss", 5000, [-50, 40])]:
        i = {"avoided_cases": av[0], "avoided_se": av[1], "contacts_per_case": [1.6, .08], "cost_per_contact": [8, .6], "share_compensated": [.22, .015], "compensation": [18, 1.2], "excess_churn": [.031, .009],
             "ltv": [420, 35], "months": 5, "run_cost_per_month": 400, "one_off_cost": one}
        pairs = [i[k] for k in ("contacts_per_case", "cost_per_contact", "share_compensated", "compensation", "excess_churn", "ltv")]
        U = lambda v: v[0] * v[1] + v[2] * v[3] + v[4] * v[5]
        mid = [p[0] for p in pairs]
        uv = sum(((U([m + 1e-4 * (a == b) for a, m in enumerate(mid)]) - U([m - 1e-4 * (a == b) for a, m in enumerate(mid)])) / 2e-4 * p[1]) ** 2 for b, p in enumerate(pairs))
        u, A, sA, z = U(mid), av[0], av[1], z_crit(.95)
        gse = math.sqrt((u * sA) ** 2 + A * A * uv)
        net, nse = A * u / 5 - 400, gse / 5
        pay = lambda v: one / v if v > 0 else None
        Phi = lambda q: .5 * math.erfc(-q / math.sqrt(2))
        case("cost_model", f"more-{id}", i, {"unit_cost": u, "unit_cost_se": math.sqrt(uv), "handling": A * mid[0] * mid[1], "compensation": A * mid[2] * mid[3], "churn": A * mid[4] * mid[5], "gross": A * u, "gross_se": gse,
             "gross_ci": [A * u - z * gse, A * u + z * gse], "net_per_month": net, "net_per_month_se": nse, "net_per_month_ci": [net - z * nse, net + z * nse], "payback_months": pay(net),
             "payback_months_ci": [pay(net + z * nse), pay(net - z * nse)], "p_net_positive": Phi(net / nse), "p_payback_12": Phi((net - one / 12) / nse), "roi_first_year": (12 * net - one) / one if one else None})
    strata = [{"exposed_churn": 3, "exposed": 10, "unexposed_churn": 5, "unexposed": 50}, {"exposed_churn": 0, "exposed": 4, "unexposed_churn": 0, "unexposed": 9}, {"exposed_churn": 7, "exposed": 7, "unexposed_churn": 2, "unexposed": 30}]
    t = [(s["exposed_churn"], s["exposed"], s["unexposed_churn"], s["unexposed"]) for s in strata]
    den = sum(n1 * n0 / (n1 + n0) for _, n1, _, n0 in t)
    rd = sum(n1 * n0 / (n1 + n0) * (a / n1 - b / n0) for a, n1, b, n0 in t) / den
    gr = math.sqrt(sum((n1 * n0 / (n1 + n0)) ** 2 * (a * (n1 - a) / n1 ** 3 + b * (n0 - b) / n0 ** 3) for a, n1, b, n0 in t)) / den
    N = sum(n1 for _, n1, _, _ in t)
    case("cost_model", "more-churn", {"strata": strata}, {"mh_risk_difference": rd, "mh_se": gr, "att_standardised": sum(n1 * (a / n1 - b / n0) for a, n1, b, n0 in t) / N,
         "att_se": math.sqrt(sum((n1 / N) ** 2 * (a / n1 * (1 - a / n1) / n1 + b / n0 * (1 - b / n0) / n0) for a, n1, b, n0 in t)), "crude_risk_difference": sum(r[0] for r in t) / N - sum(r[2] for r in t) / sum(r[3] for r in t)})
    f = lambda v: (lambda rep, pi, dr, ds, val: (rep * dr + (rep / pi - rep) * ds) * val)(*v)
    mid, ses = [600, 90 / 400, .03, .06, 250], [0, math.sqrt(90 / 400 * 310 / 400 / 400), .005, .02, 20]
    s = math.sqrt(sum(((f([m * (1 + 1e-6 * (i == j)) for i, m in enumerate(mid)]) - f([m * (1 - 1e-6 * (i == j)) for i, m in enumerate(mid)])) / (2e-6 * mid[j]) * ses[j]) ** 2 for j in range(5)))
    case("cost_model", "more-revenue-at-risk", {"reported": 600, "told": 90, "asked": 400, "excess_churn_reported": [.03, .005], "excess_churn_silent": [.06, .02], "ltv": [250, 20]},
         {"affected": 600 / mid[1], "multiplier": 1 / mid[1], "revenue_at_risk": f(mid), "se": s, "ci": [f(mid) - z_crit(.95) * s, f(mid) + z_crit(.95) * s]})


# ---- how long things take --------------------------------------------------------------------------------------------

def survival():
    rng = random.Random(9)
    def km(id, obs, ats, ps, tau, target=None, entry=False, level=.95):
        z = z_crit(level)
        times = sorted({t for _, t, _ in obs})
        S, gw, rows = Fraction(1), Fraction(0), []
        for t in times:
            n = sum(1 for e, u, _ in obs if u >= t and (e < t or e == 0))
            d = sum(1 for _, u, s in obs if u == t and s)
            c = sum(1 for _, u, s in obs if u == t and not s)
            S *= 1 - Fraction(d, n)
            if d < n: gw += Fraction(d, n * (n - d))
            s, v = float(S), math.sqrt(gw)
            if S == 1: band = (0.0, None, None, 1.0, 1.0)
            elif S == 0: band = (None,) * 5
            else: band = (s * v, s ** math.exp(-z * v / math.log(s)), s ** math.exp(z * v / math.log(s)), s * math.exp(-z * v), min(1, s * math.exp(z * v)))
            rows.append((t, n, d, c, s) + band)
        hold = lambda a: max((r for r in rows if r[0] <= a), key=lambda r: r[0], default=(0, 0, 0, 0, 1.0, 0.0, None, None, 1.0, 1.0))
        def inverse(p, i):
            # first time at which the curve is at most 1-p; the middle of the stretch where it is 1-p exactly
            hits = [r[0] for r in rows if r[i] is not None and r[i] <= 1 - p + 1e-9]
            if not hits: return None
            level_ = [r for r in rows if r[i] is not None and abs(r[i] - (1 - p)) < 1e-9]
            if not level_: return hits[0]
            after = [r[0] for r in rows if r[i] is not None and r[i] < 1 - p - 1e-9]
            return (level_[0][0] + (after[0] if after else times[-1])) / 2
        def area(a):
            knots = [0.0] + [t for t in times if t < a] + [a]
            return sum((v - u) * (hold(u)[4] if u > 0 else 1.0) for u, v in zip(knots, knots[1:]))
        out = {"time": times, "n_risk": [r[1] for r in rows], "n_event": [r[2] for r in rows], "n_censor": [r[3] for r in rows], "surv": [r[4] for r in rows], "greenwood_se_of_S": [r[5] for r in rows],
               "ci_loglog": {"lower": [r[6] for r in rows], "upper": [r[7] for r in rows]}, "ci_log": {"lower": [r[8] for r in rows], "upper": [r[9] for r in rows]},
               "at": {"time": ats, "surv": [hold(a)[4] for a in ats], "closed_share": [1 - hold(a)[4] for a in ats], "lower_loglog": [hold(a)[6] for a in ats], "upper_loglog": [hold(a)[7] for a in ats]},
               "quantile": {"p": ps, "time": [inverse(p, 4) for p in ps], "lower_loglog": [inverse(p, 6) for p in ps], "upper_loglog": [inverse(p, 7) for p in ps], "lower_log": [inverse(p, 8) for p in ps],
                            "upper_log": [inverse(p, 9) for p in ps]}, "rmst": None}
        if tau:
            v = sum((area(tau) - area(r[0])) ** 2 * r[2] / (r[1] * (r[1] - r[2])) for r in rows if r[0] <= tau and r[1] > r[2])
            out["rmst"] = {"tau": tau, "mean": area(tau), "se": math.sqrt(v)}
        i = {"time": [o[1] for o in obs], "status": [int(o[2]) for o in obs]}
        if entry: i["entry"] = [o[0] for o in obs]
        if target:
            i["target"] = target
            done = sorted(u for _, u, s in obs if s)
            out[f"naive_share_of_closed_within_{target:g}"] = mean([u <= target for u in done])
            out["naive_median_of_closed"] = (done[(len(done) - 1) // 2] + done[len(done) // 2]) / 2
            out["within_target_lower_bound_all_open_fail"] = mean([s and u <= target for _, u, s in obs])
            out["still_open_past_target"] = sum(not s and u > target for _, u, s in obs)
        if level != .95: i["level"] = level
        case("kaplan_meier", id, i, out)
    km("more-open-first", [(0, 1, False), (0, 2, True), (0, 2, False), (0, 5, True), (0, 6, True), (0, 6, True), (0, 9, False)], [0.5, 1, 3, 7], [.2, .5, .9], 6)
    km("more-all-open", [(0, 3, False), (0, 4, False), (0, 8, False)], [5], [.5], 8)
    km("more-halves", [(0, float(t), True) for t in (4, 2, 8, 6)], [2, 4, 8], [.25, .5, .75], 7)
    km("more-large", [(0, float(rng.randint(1, 30)), rng.random() < .7) for _ in range(150)], [5, 10, 29], [.1, .5, .8], 20, 12, level=.9)
    late = [(0, float(rng.randint(2, 40)), rng.random() < .8) for _ in range(20)] + [(float(e := rng.randint(1, 20)), float(e + rng.randint(1, 25)), rng.random() < .8) for _ in range(25)]
    km("more-late", late, [10, 20], [.5], None, entry=True)

    groups = [rng.choice(["zeta", "alpha", "mid"]) for _ in range(60)]
    time = [float(rng.randint(1, 20 if g == "mid" else 12)) for g in groups]
    status = [int(rng.random() < .75) for _ in groups]
    names = sorted(set(groups))
    O = [sum(s for s, g in zip(status, groups) if g == k) for k in names]
    E, V = [0.0] * 3, [[0.0] * 3 for _ in range(3)]
    for t in sorted({u for u, s in zip(time, status) if s}):
        n = [sum(1 for u, g in zip(time, groups) if u >= t and g == k) for k in names]
        d, N = sum(s for u, s in zip(time, status) if u == t), sum(n)
        for i in range(3):
            E[i] += d * n[i] / N
            for j in range(3):
                if N > 1: V[i][j] += d * (N - d) / (N - 1) * (n[i] / N * (i == j) - n[i] * n[j] / N ** 2)
    x = [o - e for o, e in zip(O, E)][:2]
    chi = dot(x, solve([r[:2] for r in V[:2]], x))
    case("kaplan_meier", "more-logrank", {"time": time, "status": status, "group": groups}, {"observed": O, "expected": E, "chisq": chi, "p": chi_upper(chi, 2)})
    event = [rng.choice([0, 1, 1, 2]) for _ in range(35)]
    time = [float(rng.randint(1, 25)) for _ in event]
    at = [0.5, 6, 14, 30]
    cif = {1: [], 2: []}
    for a in at:
        S, tot = Fraction(1), {1: Fraction(0), 2: Fraction(0)}
        for t in sorted(set(time)):
            if t > a: break
            n = sum(u >= t for u in time)
            for k in (1, 2): tot[k] += S * Fraction(sum(u == t and e == k for u, e in zip(time, event)), n)
            S *= 1 - Fraction(sum(u == t and e > 0 for u, e in zip(time, event)), n)
        for k in (1, 2): cif[k].append(float(tot[k]))
    case("kaplan_meier", "more-causes", {"time": time, "event": event}, {"at": at, "cif_resolved": cif[1], "cif_withdrawn": cif[2]})

    for id, zone, days, open_, close, holidays, start, target in [("new-york", "America/New_York", [1, 2, 3, 4, 5, 6], "08:00", "12:45", ["2024-11-05"], "2024-10-31T09:00:00+00:00", 300),
                                                                  ("jerusalem", "Asia/Jerusalem", [7, 1, 2, 3, 4], "09:30", "18:00", ["2024-03-24"], "2024-03-20T05:00:00+00:00", 600)]:
        tz, t0 = ZoneInfo(zone), datetime.fromisoformat(start)
        as_of = t0 + timedelta(days=14, minutes=17)
        h = lambda s: tuple(map(int, s.split(":")))
        def minutes(a, b):
            n, u = 0, a
            while u < b:
                l = u.astimezone(tz)
                if l.isoweekday() in days and l.strftime("%Y-%m-%d") not in holidays and h(open_) <= (l.hour, l.minute) < h(close): n += 1
                u += timedelta(minutes=1)
            return n
        tickets, rows = [], []
        for k in range(8):
            at = t0 + timedelta(minutes=rng.randint(0, 6000))
            tk = {"id": f"t{k}", "customer": f"c{k % 3}", "theme": "billing" if k % 2 else "app", "opened": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "events": []}
            u = at
            for kind in rng.choice([["assign", "agent_contact", "resolve"], ["assign", "wait_customer", "customer_reply", "agent_contact", "resolve"], ["agent_contact", "assign", "assign", "assign"],
                                    ["assign", "resolve", "reopen", "assign", "resolve"], ["assign", "wait_customer", "resolve"], []]):
                u += timedelta(minutes=rng.randint(1, 3500))
                e = {"t": u.strftime("%Y-%m-%dT%H:%M:%SZ"), "type": kind}
                if kind == "assign": e["owner"], e["team"] = (w := rng.choice([("ann", "care"), ("bob", "care"), ("eve", "money")]))[0], w[1]
                tk["events"].append(e)
            tickets.append((tk, at))
        for tk, at in tickets:
            ev = [(datetime.fromisoformat(e["t"].replace("Z", "+00:00")), e) for e in tk["events"]]
            ev = [(t, e) for t, e in ev if t <= as_of]
            running, paused, closed, first, own, since, when = 0, False, False, None, [], at, None
            def tick(until): return 0 if paused or closed else minutes(since, until)
            for t, e in ev:
                if e["type"] == "agent_contact" and first is None: first = minutes(at, t)
                if e["type"] == "assign": own.append((t, e["owner"], e["team"]))
                if e["type"] in ("wait_customer", "resolve", "customer_reply", "reopen"):
                    running += tick(t)
                    since = t
                    if e["type"] == "wait_customer": paused = True
                    if e["type"] == "customer_reply": paused = False
                    if e["type"] == "resolve": closed, paused, when = True, False, t
                    if e["type"] == "reopen": closed = False
            running += tick(as_of)
            end = when if closed else as_of
            fcr = None
            if closed and as_of >= when + timedelta(days=7):
                fcr = not any(e["type"] in ("customer_reply", "reopen") for _, e in ev) and not any(o["customer"] == tk["customer"] and o["theme"] == tk["theme"] and at < oa <= when + timedelta(days=7) for o, oa in tickets)
            who = [o for _, o, _ in own]
            rows.append({"id": tk["id"], "first_response_business_minutes": first, "running_business_minutes": running, "running_calendar_hours": (end - at).total_seconds() / 3600, "resolved": closed,
                         "sla": "breached" if running > target else "met" if closed else "pending", "matured": minutes(at, as_of) >= target, "handovers_person": sum(a != b for a, b in zip(who, who[1:])),
                         "handovers_team": sum(a[2] != b[2] for a, b in zip(own, own[1:])), "ping_pong": sum(b != a and b in who[:i + 1] for i, (a, b) in enumerate(zip(who, who[1:]))), "distinct_owners": len(set(who)),
                         "unowned_business_minutes": minutes(at, own[0][0] if own else end), "fcr_7d": fcr})
        mat = [r for r in rows if r["matured"]]
        met, fc = [r["sla"] == "met" for r in mat], [r["fcr_7d"] for r in rows if r["fcr_7d"] is not None]
        case("sla_events", f"more-{id}", {"calendar": {"timezone": zone, "weekdays": days, "open": open_, "close": close, "holidays": holidays}, "as_of": as_of.strftime("%Y-%m-%dT%H:%M:%SZ"), "target_business_minutes": target,
             "tickets": [t for t, _ in tickets]}, {"tickets": rows, "aggregate": {"n": 8, "n_matured": len(mat), "sla_met_matured": mean(met) if met else None, "sla_wilson": wilson(sum(met), len(met)) if met else None,
             "breached_open": sum(r["sla"] == "breached" and not r["resolved"] for r in rows), "mean_handovers_person": mean([r["handovers_person"] for r in rows]), "share_two_or_more_handovers": mean([r["handovers_person"] > 1 for r in rows]),
             "ping_pong_share": mean([r["ping_pong"] > 0 for r in rows]), "fcr": mean(fc) if fc else None, "fcr_n": len(fc), "fcr_wilson": wilson(sum(fc), len(fc)) if fc else None}}, {"abs": 1e-9})


def loop():
    rng = random.Random(10)
    for as_of, n in [(1.5, 5), (50, 25), (400, 25)]:
        ds = []
        for i in range(n):
            r = rng.randint(0, int(min(as_of, 60)))
            c = r + rng.choice([.25, 1, 2, 2.5, 9]) if rng.random() < .7 else None
            ds.append({"id": f"d{i}", "response_day": r, "score": rng.randint(0, 6), "first_contact_day": c, "loop_closed_day": c + rng.randint(0, 12) if c is not None and rng.random() < .6 else None,
                       "follow_up": [r + rng.randint(3, 90), rng.randint(0, 10)] if rng.random() < .6 else None})
        known = lambda v: v is not None and v <= as_of
        old = [d for d in ds if as_of - d["response_day"] >= 2]
        quick = sum(known(d["first_contact_day"]) and d["first_contact_day"] - d["response_day"] <= 2 for d in old)
        pairs = lambda k: {"time": [(d[k] if known(d[k]) else as_of) - d["response_day"] for d in ds], "status": [int(known(d[k])) for d in ds]}
        re = [d for d in ds if d["follow_up"] and known(d["follow_up"][0])]
        grp = {b: [d["follow_up"][1] >= 7 for d in re if (d["first_contact_day"] is not None and d["first_contact_day"] < d["follow_up"][0]) == b] for b in (True, False)}
        rec = sum(d["follow_up"][1] >= 7 for d in re)
        out = {"n_detractors": n, "contacted": sum(known(d["first_contact_day"]) for d in ds), "contact_rate_naive": mean([known(d["first_contact_day"]) for d in ds]), "contact_48h_n": len(old),
               "contact_48h": quick / len(old) if old else None, "contact_48h_wilson": wilson(quick, len(old)) if old else None, "closed": sum(known(d["loop_closed_day"]) for d in ds),
               "time_to_contact": pairs("first_contact_day"), "time_to_close": pairs("loop_closed_day"), "resurveyed": len(re)}
        if re:
            out.update({"recovered_7plus": rec / len(re), "recovered_wilson": wilson(rec, len(re)), "recovered_to_promoter": mean([d["follow_up"][1] >= 9 for d in re]), "mean_change": mean([d["follow_up"][1] - d["score"] for d in re]),
                        "recovered_contacted": [sum(grp[True]), len(grp[True])], "recovered_not_contacted": [sum(grp[False]), len(grp[False])],
                        "recovery_lift": mean(grp[True]) - mean(grp[False]) if grp[True] and grp[False] else None})
        case("loop_closing", f"more-loop-{as_of}", {"as_of": as_of, "detractors": ds}, out, {"abs": 1e-9})
    for id, told, rep, as_of, reach in [("short", 10, 20, 115, .7), ("unreachable", 30, 90, 300, 0)]:
        cs = [{"id": f"k{i}", "complaints": [rng.randint(0, 99)], "reachable": rng.random() < reach, "told_on": rng.choice([None, 95, 100, 104, 118, 140]), "transactions_after": rng.choice([0, 0, 2, 5]),
               "after": sorted(rng.sample(range(100, 200), rng.choice([0, 0, 1, 2])))} for i in range(12)]
        again = lambda c: sum(100 < a <= 100 + rep and a <= as_of for a in c["after"])
        rc = [c for c in cs if c["reachable"]]
        tl = sum(c["told_on"] is not None and 100 <= c["told_on"] <= 100 + told and c["told_on"] <= as_of for c in rc)
        ex = [c for c in cs if c["transactions_after"]]
        tx = sum(c["transactions_after"] for c in cs)
        k = sum(again(c) > 0 for c in cs)
        case("loop_closing", f"more-fix-{id}", {"theme": "app", "fixed_on": 100, "told_window_days": told, "as_of": as_of, "repeat_window": rep, "customers": cs}, {"told_share_of_reachable": tl / len(rc) if rc else None,
             "told_wilson": wilson(tl, len(rc)) if rc else None, "told_share_of_all": tl / 12, "repeat_customer_rate": k / 12, "repeat_customer_rate_exposed": mean([again(c) > 0 for c in ex]), "repeat_wilson": wilson(k, 12),
             "repeat_complaints": sum(map(again, cs)), "repeat_per_100_transactions": 100 * sum(map(again, cs)) / tx}, {"abs": 1e-9})


def write():
    for name, cases in FILES.items():
        with open(name + ".json", "w") as f:
            f.write('{"name": "%s", "cases": [\n' % name)
            f.write(",\n".join(json.dumps(c) for c in cases))
            f.write("\n]}\n")


if __name__ == "__main__":
    for part in (nps, shares, weighting, health, drivers, watch, effects, survival, loop):
        part()
    write()
