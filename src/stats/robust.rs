//! Location, scale, skew and lines that a minority of wrong values cannot move.
//!
//! Formulas: Rousseeuw and Croux 1993 (Qn, by the selection of Johnson and Mizoguchi 1978), Brys, Hubert and Struyf
//! 2004 (medcouple), Hubert and Vandervieren 2008 (adjusted boxplot), Yohai 1987 (MM: a start of high breakdown, then
//! Tukey's bisquare at its scale). Values are held to statsmodels, see `tests/reference/robust.py`.
//! Values must not be NaN; an empty slice gives NaN where no number could be right.

/// Makes the MAD of normal values their standard deviation.
pub const MAD_CONSISTENCY: f64 = 1.482_602_218_505_602;
/// Makes Qn of normal values their standard deviation (2.2219 in print is a misprint).
pub const QN_CONSISTENCY: f64 = 2.219_144_465_985_076;
/// Tuning of the bisquare that keeps 95 % efficiency with normal errors.
pub const BISQUARE_95: f64 = 4.685;

/// The median; reorders the values.
pub fn median(values: &mut [f64]) -> f64 {
    let n = values.len();
    if n == 0 {
        return f64::NAN;
    }
    let (below, &mut upper, _) = values.select_nth_unstable_by(n / 2, f64::total_cmp);
    if n % 2 == 1 {
        return upper;
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (lower + upper) / 2.0
}

/// The median of values in ascending order.
pub fn median_sorted(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    match n {
        0 => f64::NAN,
        _ if n % 2 == 1 => sorted[n / 2],
        _ => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}

/// The value below which half of the weight lies; the mean of the two where half falls between them. Reorders.
pub fn weighted_median(pairs: &mut [(f64, f64)]) -> f64 {
    if pairs.is_empty() {
        return f64::NAN;
    }
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let half = pairs.iter().map(|p| p.1).sum::<f64>() / 2.0;
    let mut below = 0.0;
    for (i, &(value, weight)) in pairs.iter().enumerate() {
        below += weight;
        if below > half * (1.0 + 1e-12) || i + 1 == pairs.len() {
            return value;
        }
        if below >= half * (1.0 - 1e-12) {
            return (value + pairs[i + 1].0) / 2.0;
        }
    }
    f64::NAN
}

/// Median absolute deviation about a centre, consistent for normal values. 0 where half of the values are the centre.
pub fn mad(values: &[f64], center: f64) -> f64 {
    let mut deviations: Vec<f64> = values.iter().map(|v| (v - center).abs()).collect();
    MAD_CONSISTENCY * median(&mut deviations)
}

/// The MAD of the values at or below a centre and of those at or above it: two scales for a skewed distribution.
pub fn double_mad(values: &[f64], center: f64) -> (f64, f64) {
    let side = |sign: f64| {
        let mut deviations: Vec<f64> =
            values.iter().map(|v| (v - center) * sign).filter(|d| *d >= 0.0).collect();
        MAD_CONSISTENCY * median(&mut deviations)
    };
    (side(-1.0), side(1.0))
}

/// Qn of values in ascending order: the k-th smallest distance between two of them, 82 % efficient and needing no
/// centre; 0 only where a quarter of the distances are. NaN below two values.
pub fn qn(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    if n < 2 {
        return f64::NAN;
    }
    let h = n / 2 + 1;
    // All n² differences: the n(n-1)/2 that are not positive and the n zeros of the diagonal come first.
    let rank = n * (n - 1) / 2 + n + h * (h - 1) / 2;
    QN_CONSISTENCY * select(n, n, rank, |row, column| sorted[column] - sorted[n - 1 - row])
}

/// The medcouple of values in ascending order: skewness from -1 to 1 by the middle of the distribution. NaN below
/// three values.
pub fn medcouple(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    if n < 3 {
        return f64::NAN;
    }
    let center = median_sorted(sorted);
    let below = sorted.partition_point(|v| *v < center);
    let lower = &sorted[..sorted.partition_point(|v| *v <= center)];
    let upper = &sorted[below..];
    let ties = lower.len() - below;
    let kernel = |row: usize, column: usize| {
        if row < ties && column >= below {
            // Both are the median: the sign of the place decides, so that ties count evenly on both sides.
            return (row + (column - below)) as f64 - (ties - 1) as f64;
        }
        let (u, l) = (upper[row] - center, lower[column] - center);
        (u + l) / (u - l)
    };
    let kernel = |row: usize, column: usize| {
        let value = kernel(row, column);
        if row < ties && column >= below && value != 0.0 { value.signum() } else { value }
    };
    let count = upper.len() * lower.len();
    let high = select(upper.len(), lower.len(), count / 2 + 1, kernel);
    if count % 2 == 1 {
        return high;
    }
    (select(upper.len(), lower.len(), count / 2, kernel) + high) / 2.0
}

/// The quantile of values in ascending order, linear between neighbours (Hyndman and Fan's type 7).
pub fn quantile_sorted(sorted: &[f64], probability: f64) -> f64 {
    if sorted.is_empty() {
        return f64::NAN;
    }
    let place = (sorted.len() - 1) as f64 * probability.clamp(0.0, 1.0);
    let low = place.floor() as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (sorted[high] - sorted[low]) * (place - low as f64)
}

/// Fences of the boxplot adjusted for skew, of values in ascending order: outside of them a value is an outlier.
/// Where the quartiles coincide the fences do too, and say nothing.
pub fn adjusted_fences(sorted: &[f64]) -> (f64, f64) {
    let (q1, q3) = (quantile_sorted(sorted, 0.25), quantile_sorted(sorted, 0.75));
    let skew = medcouple(sorted);
    let (a, b) = if skew >= 0.0 { (-4.0, 3.0) } else { (-3.0, 4.0) };
    (q1 - 1.5 * (a * skew).exp() * (q3 - q1), q3 + 1.5 * (b * skew).exp() * (q3 - q1))
}

/// Location and scale of the main body of values, the rest left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cleaned {
    /// Mean of the body.
    pub location: f64,
    /// Standard deviation of the body, made consistent for normal values; may be 0.
    pub scale: f64,
    /// First value of the body, position in the sorted values.
    pub first: usize,
    /// One past the last value of the body.
    pub end: usize,
}

/// Values within so many scales of the centre make the core, and the standard deviation of a normal distribution
/// over that of this part of it.
const CORE: (f64, f64) = (1.5, 1.346_4);
/// The same for the body.
const BODY: (f64, f64) = (2.5, 1.047_5);

/// Cleans values in ascending order: starts from the shortest half, which up to 40 % of values on one side cannot
/// capture, narrows it to the core within 1.5 scales until nothing changes, then takes in the body within 2.5.
/// `floor` is the smallest scale for deciding what belongs to it: prices heap, and beside a heap every other value
/// would be an outlier.
pub fn cleaned(sorted: &[f64], floor: f64) -> Cleaned {
    let n = sorted.len();
    if n == 0 {
        return Cleaned { location: f64::NAN, scale: f64::NAN, first: 0, end: 0 };
    }
    let half = n / 2 + 1;
    let start = (0..=n - half.min(n))
        .min_by(|&a, &b| {
            let width = |i: usize| sorted[i + half.min(n) - 1] - sorted[i];
            // Of equally short halves the one nearest the middle, for symmetry.
            let off = |i: usize| (2 * i).abs_diff(n - half.min(n));
            width(a).total_cmp(&width(b)).then(off(a).cmp(&off(b)))
        })
        .unwrap_or(0);
    let end = start + half.min(n);
    let mut body = Cleaned {
        location: mean(&sorted[start..end]),
        // Half of a normal distribution lies within 0.6745 standard deviations; the shortest half of a small sample
        // is shorter than that, by about this much.
        scale: (sorted[end - 1] - sorted[start]) / (2.0 * 0.674_5) * (1.0 + 2.0 / n as f64),
        first: start,
        end,
    };
    let within = |body: Cleaned, (reach, consistency): (f64, f64)| {
        let reach = reach * body.scale.max(floor);
        let first = sorted.partition_point(|v| *v < body.location - reach);
        let end = sorted.partition_point(|v| *v <= body.location + reach);
        if first >= end {
            return body;
        }
        let location = mean(&sorted[first..end]);
        let squares: f64 = sorted[first..end].iter().map(|v| (v - location).powi(2)).sum();
        let kept = end - first;
        let scale = if kept > 1 { consistency * (squares / (kept - 1) as f64).sqrt() } else { 0.0 };
        Cleaned { location, scale, first, end }
    };
    for _ in 0..12 {
        let core = within(body, CORE);
        let same = (core.first, core.end) == (body.first, body.end);
        body = core;
        if same {
            break;
        }
    }
    within(body, BODY)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// A line `y = intercept + slope x` and the scale of its residuals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Value at `x = 0`.
    pub intercept: f64,
    /// Change of `y` with `x`.
    pub slope: f64,
    /// Scale of the residuals.
    pub scale: f64,
}

/// Most points from which a start is taken: it looks at each pair of them.
const START_POINTS: usize = 160;
/// Smallest scale of residuals of log prices: 5 %.
const SCALE_FLOOR: f64 = 0.05;

/// An MM line: repeated medians (half of the points may be wrong) for the start and its scale, then Tukey's bisquare.
/// `None` below five points or where `x` does not vary. Points in a fixed order give a fixed result.
pub fn bisquare_line(x: &[f64], y: &[f64]) -> Option<Line> {
    let n = x.len().min(y.len());
    if n < 5 {
        return None;
    }
    let step = n.div_ceil(START_POINTS);
    let picked: Vec<usize> = (0..n).step_by(step).collect();
    let mut slopes = Vec::with_capacity(picked.len());
    let mut row = Vec::with_capacity(picked.len());
    for &i in &picked {
        row.clear();
        row.extend(
            picked.iter().filter(|&&j| (x[j] - x[i]).abs() > 1e-9).map(|&j| (y[j] - y[i]) / (x[j] - x[i])),
        );
        if !row.is_empty() {
            slopes.push(median(&mut row));
        }
    }
    if slopes.len() < 5 {
        return None;
    }
    let slope = median(&mut slopes);
    let mut rests: Vec<f64> = (0..n).map(|i| y[i] - slope * x[i]).collect();
    let intercept = median(&mut rests);
    for (rest, i) in rests.iter_mut().zip(0..n) {
        *rest = (y[i] - intercept - slope * x[i]).abs();
    }
    let nonzero: Vec<f64> = rests.iter().copied().filter(|r| *r > 0.0).collect();
    let scale = (MAD_CONSISTENCY * median(&mut rests)).max(SCALE_FLOOR);
    // Heaped prices put half of the residuals at 0: the others then tell the scale.
    let scale = if scale > SCALE_FLOOR || nonzero.len() < 5 {
        scale
    } else {
        scale.max(MAD_CONSISTENCY * median(&mut nonzero.clone()) / 2.0)
    };
    Some(bisquare_from(x, y, Line { intercept, slope, scale }))
}

/// Iterates Tukey's bisquare (c = 4.685) from a start, at the start's scale, until the line stands still.
pub fn bisquare_from(x: &[f64], y: &[f64], start: Line) -> Line {
    let mut line = start;
    let reach = BISQUARE_95 * start.scale;
    for _ in 0..500 {
        let (mut sw, mut swx, mut swy, mut swxx, mut swxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (&x, &y) in x.iter().zip(y) {
            let u = (y - line.intercept - line.slope * x) / reach;
            if u.abs() >= 1.0 {
                continue;
            }
            let w = (1.0 - u * u).powi(2);
            sw += w;
            swx += w * x;
            swy += w * y;
            swxx += w * x * x;
            swxy += w * x * y;
        }
        let spread = sw * swxx - swx * swx;
        if !(sw > 0.0 && spread > 1e-12 * sw * swxx) {
            break;
        }
        let slope = (sw * swxy - swx * swy) / spread;
        let intercept = (swy - slope * swx) / sw;
        let moved = (slope - line.slope).abs() + (intercept - line.intercept).abs();
        line = Line { intercept, slope, ..line };
        if moved < 1e-14 * (1.0 + intercept.abs() + slope.abs()) {
            break;
        }
    }
    line
}

/// How many leading columns of each row satisfy a condition that holds for ever fewer of them from row to row.
fn staircase(rows: usize, columns: usize, holds: impl Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut count = columns;
    (0..rows)
        .map(|row| {
            while count > 0 && !holds(row, count - 1) {
                count -= 1;
            }
            count
        })
        .collect()
}

/// The value of a rank (from 1) in a matrix that never decreases along a row or down a column, without making the
/// matrix: time grows as n log² n.
fn select(rows: usize, columns: usize, rank: usize, value: impl Fn(usize, usize) -> f64) -> f64 {
    let mut left = vec![0usize; rows];
    let mut right = vec![columns; rows];
    loop {
        let open: usize = left.iter().zip(&right).map(|(l, r)| r.saturating_sub(*l)).sum();
        if open <= rows.max(8) {
            break;
        }
        let mut middles: Vec<(f64, f64)> = (0..rows)
            .filter(|&r| left[r] < right[r])
            .map(|r| (value(r, (left[r] + right[r]) / 2), (right[r] - left[r]) as f64))
            .collect();
        middles.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut below = 0.0;
        let mut pivot = middles[0].0;
        for (middle, weight) in middles {
            pivot = middle;
            below += weight;
            if below * 2.0 >= open as f64 {
                break;
            }
        }
        let less = staircase(rows, columns, |r, c| value(r, c) < pivot);
        if less.iter().sum::<usize>() >= rank {
            right.iter_mut().zip(less).for_each(|(r, l)| *r = (*r).min(l));
            continue;
        }
        let up_to = staircase(rows, columns, |r, c| value(r, c) <= pivot);
        if up_to.iter().sum::<usize>() >= rank {
            return pivot;
        }
        left.iter_mut().zip(up_to).for_each(|(l, u)| *l = (*l).max(u));
    }
    let passed: usize = left.iter().sum();
    let mut rest: Vec<f64> =
        (0..rows).flat_map(|r| (left[r]..right[r]).map(move |c| (r, c))).map(|(r, c)| value(r, c)).collect();
    let place = rank.saturating_sub(passed + 1).min(rest.len().saturating_sub(1));
    if rest.is_empty() {
        return f64::NAN;
    }
    *rest.select_nth_unstable_by(place, f64::total_cmp).1
}

#[cfg(test)]
mod tests;
