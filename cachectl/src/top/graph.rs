//! A figure over time, filled up to where it stands.

use super::look::Look;

/// Points that one column of characters shows.
const POINTS_A_COLUMN: usize = 2;

/// The newest `points` as `height` lines of `width` characters, from the top: the newest at the
/// right, `top` at the upper end. Zero has a base line; what is not known is blank.
pub(crate) fn lines(
    points: &[Option<f64>],
    top: f64,
    width: usize,
    height: usize,
    look: Look,
) -> Vec<String> {
    let newest = &points[points.len().saturating_sub(width * POINTS_A_COLUMN)..];
    let mut columns: Vec<_> = newest.rchunks(POINTS_A_COLUMN).collect();
    columns.reverse();
    let blank = width - columns.len();
    (0..height)
        .rev()
        .map(|line| {
            let drawn = columns.iter().map(|points| {
                if look.unicode {
                    braille(points, top, line, height)
                } else {
                    ascii(points, top, line, height)
                }
            });
            std::iter::repeat_n(' ', blank).chain(drawn).collect()
        })
        .collect()
}

/// The highest that `points` shown in `width` columns have; `None` where there are none.
pub(crate) fn highest(points: &[Option<f64>], width: usize) -> Option<f64> {
    let newest = &points[points.len().saturating_sub(width * POINTS_A_COLUMN)..];
    newest.iter().copied().flatten().reduce(f64::max)
}

/// Seconds that `width` columns of points reach back, of which there are `count`, so many seconds
/// from one to the next.
pub(crate) fn reach(count: usize, width: usize, step: f64) -> f64 {
    count.min(width * POINTS_A_COLUMN).saturating_sub(1) as f64 * step
}

/// The least of 1, 2, 5, 10, 20, ... that is not below `value`: a scale that stays while values
/// change a little.
pub(crate) fn rounded_up(value: f64) -> f64 {
    if value <= 0.0 {
        return value;
    }
    let power = 10.0_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    // Logarithms are not exact: a hair above a step is on it.
    let reached = steps.into_iter().find(|step| value <= step * 1.000_001);
    reached.unwrap_or(value)
}

/// How many of `steps` a value reaches; one at least.
fn level(value: f64, top: f64, steps: usize) -> usize {
    let share = if top > 0.0 { value / top } else { 0.0 };
    ((share * steps as f64).round() as usize).clamp(1, steps)
}

fn braille(points: &[Option<f64>], top: f64, line: usize, height: usize) -> char {
    const DOTS: usize = 4;
    // From the lowest dot up: left column, right column.
    const LEFT: [u32; DOTS] = [0x40, 0x04, 0x02, 0x01];
    const RIGHT: [u32; DOTS] = [0x80, 0x20, 0x10, 0x08];
    let dots = |point: Option<&Option<f64>>, column: [u32; DOTS]| -> u32 {
        let Some(Some(value)) = point else { return 0 };
        let filled = level(*value, top, height * DOTS).saturating_sub(line * DOTS);
        column.iter().take(filled).sum()
    };
    let (left, right) = match points {
        [right] => (None, Some(right)),
        points => (points.first(), points.get(1)),
    };
    match dots(left, LEFT) + dots(right, RIGHT) {
        0 => ' ',
        dots => char::from_u32(0x2800 + dots).unwrap_or(' '),
    }
}

fn ascii(points: &[Option<f64>], top: f64, line: usize, height: usize) -> char {
    const STEPS: usize = 3;
    let Some(value) = points.iter().copied().flatten().reduce(f64::max) else {
        return ' ';
    };
    if value <= 0.0 {
        return if line == 0 { '_' } else { ' ' };
    }
    match level(value, top, height * STEPS).saturating_sub(line * STEPS) {
        0 => ' ',
        1 => '.',
        2 => ':',
        _ => '|',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(points: &[Option<f64>], unicode: bool) -> Vec<String> {
        let look = Look {
            unicode,
            colour: false,
        };
        lines(points, 8.0, 4, 2, look)
    }

    #[test]
    fn a_graph_would_stand_on_its_head_or_run_backwards() {
        let points: Vec<_> = (0..=8).map(|value| Some(f64::from(value))).collect();
        assert_eq!(drawn(&points, true), ["  ⣠⣾", "⣠⣾⣿⣿"]);
        assert_eq!(drawn(&points, false), ["  :|", ":|||"]);
    }

    #[test]
    fn a_gap_would_look_like_zero() {
        let points = [Some(8.0), Some(8.0), None, None, Some(0.0), Some(0.0)];
        assert_eq!(drawn(&points, true), [" ⣿  ", " ⣿ ⣀"]);
        assert_eq!(drawn(&points, false), [" |  ", " | _"]);
    }

    #[test]
    fn a_scale_would_be_below_its_values_or_far_above() {
        for (value, wanted) in [
            (0.0, 0.0),
            (1.0, 1.0),
            (1.1, 2.0),
            (0.000_3, 0.000_5),
            (1000.0, 1000.0),
            (5001.0, 10_000.0),
        ] {
            let scale = rounded_up(value);
            assert!((scale - wanted).abs() <= wanted * 1e-9, "{value}: {scale}");
        }
    }

    #[test]
    fn a_graph_of_nothing_would_be_drawn() {
        assert_eq!(drawn(&[], true), ["    ", "    "]);
        assert_eq!(highest(&[None], 4), None);
        assert_eq!(highest(&[Some(9.0), None, Some(1.0)], 1), Some(1.0));
    }
}
