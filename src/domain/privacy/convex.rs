//! Plane geometry of convex polygons: hull, growing, clipping, and cutting any simple polygon into convex ones.
//!
//! Invariant: rings turn counter-clockwise in a frame with y upwards (positive area); every function that cannot be exact
//! errs towards the larger polygon. Deliberately absent: the sphere, the picture.

/// A point of the plane.
pub type Point = [f64; 2];

/// Twice the signed area of the triangle `a b c`; positive when it turns counter-clockwise.
pub fn turn(a: Point, b: Point, c: Point) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// Signed area, positive when counter-clockwise.
pub fn area(ring: &[Point]) -> f64 {
    let Some(&last) = ring.last() else { return 0.0 };
    let mut before = last;
    let mut sum = 0.0;
    for &point in ring {
        sum += before[0] * point[1] - before[1] * point[0];
        before = point;
    }
    sum / 2.0
}

/// The convex hull of `points` (sorted in passing), counter-clockwise, into `out`.
pub fn hull(points: &mut [Point], out: &mut Vec<Point>) {
    out.clear();
    points.sort_unstable_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let mut chain = |point: Point, floor: usize| {
        while out.len() >= floor && turn(out[out.len() - 2], out[out.len() - 1], point) <= 0.0 {
            out.pop();
        }
        out.push(point);
    };
    for &point in points.iter() {
        chain(point, 2);
    }
    let floor = out.len() + 1;
    let mut chain = |point: Point| {
        while out.len() >= floor && turn(out[out.len() - 2], out[out.len() - 1], point) <= 0.0 {
            out.pop();
        }
        out.push(point);
    };
    for &point in points.iter().rev().skip(1) {
        chain(point);
    }
    if out.len() > 1 {
        out.pop();
    }
}

/// Corners of the growing octagon, counter-clockwise from the lowest right one; it contains the unit disc.
fn octagon(radius: f64) -> [Point; 8] {
    // Circumradius of a regular octagon over its inradius is 1/cos 22.5°; its corners lie at odd multiples of 22.5°.
    let far = radius;
    let near = radius * (std::f64::consts::SQRT_2 - 1.0);
    [
        [near, -far],
        [far, -near],
        [far, near],
        [near, far],
        [-near, far],
        [-far, near],
        [-far, -near],
        [-near, -far],
    ]
}

/// Every point within `radius` of the convex `ring` (and a little more), as a convex ring, into `out`.
/// The Minkowski sum with an octagon around the disc; linear in the number of corners.
pub fn grow(ring: &[Point], radius: f64, out: &mut Vec<Point>) {
    out.clear();
    if ring.is_empty() {
        return;
    }
    let brush = octagon(radius);
    let lowest = |ring: &[Point]| {
        (0..ring.len())
            .min_by(|&i, &j| {
                ring[i][1]
                    .total_cmp(&ring[j][1])
                    .then(ring[i][0].total_cmp(&ring[j][0]))
            })
            .unwrap_or(0)
    };
    let (start_a, start_b) = (lowest(ring), lowest(&brush));
    let (mut i, mut j) = (0, 0);
    while i < ring.len() || j < brush.len() {
        let (a, next_a) = (ring[(start_a + i) % ring.len()], ring[(start_a + i + 1) % ring.len()]);
        let (b, next_b) = (
            brush[(start_b + j) % brush.len()],
            brush[(start_b + j + 1) % brush.len()],
        );
        out.push([a[0] + b[0], a[1] + b[1]]);
        let edge_a = [next_a[0] - a[0], next_a[1] - a[1]];
        let edge_b = [next_b[0] - b[0], next_b[1] - b[1]];
        let cross = edge_a[0] * edge_b[1] - edge_a[1] * edge_b[0];
        let only_a = j >= brush.len() || (i < ring.len() && is_before(edge_a, edge_b, cross));
        let only_b = i >= ring.len() || (j < brush.len() && is_before(edge_b, edge_a, -cross));
        i += usize::from(only_a || !only_b);
        j += usize::from(only_b || !only_a);
    }
}

/// The hull of a convex ring and its copy scaled about the origin by `factor` (1 or more), into `out`; linear.
/// Sides that have the origin on their inner side are taken from the larger copy, the others from the smaller.
pub fn hull_with_scaled(ring: &[Point], factor: f64, out: &mut Vec<Point>) {
    out.clear();
    let n = ring.len();
    let outer = |i: usize| turn([0.0, 0.0], ring[i % n], ring[(i + 1) % n]) > 0.0;
    let mut before = n > 0 && outer(n - 1);
    for (i, point) in ring.iter().enumerate() {
        let here = outer(i);
        let large = [point[0] * factor, point[1] * factor];
        match (before, here) {
            (true, true) => out.push(large),
            (false, false) => out.push(*point),
            (true, false) => out.extend([large, *point]),
            (false, true) => out.extend([*point, large]),
        }
        before = here;
    }
}

/// Whether edge `a` comes before edge `b` by direction, counted counter-clockwise from «to the right».
fn is_before(a: Point, b: Point, cross: f64) -> bool {
    let upper = |edge: Point| edge[1] > 0.0 || (edge[1] == 0.0 && edge[0] >= 0.0);
    match (upper(a), upper(b)) {
        (true, false) => true,
        (false, true) => false,
        (true, true) | (false, false) => cross > 0.0,
    }
}

/// The part of a convex ring with `a x + b y + c >= 0`, into `out`.
pub fn clip(ring: &[Point], line: [f64; 3], out: &mut Vec<Point>) {
    out.clear();
    let side = |p: Point| line[0] * p[0] + line[1] * p[1] + line[2];
    let Some(&last) = ring.last() else { return };
    let (mut before, mut before_side) = (last, side(last));
    for &point in ring {
        let here = side(point);
        if (before_side < 0.0) != (here < 0.0) {
            let t = before_side / (before_side - here);
            out.push([
                before[0] + t * (point[0] - before[0]),
                before[1] + t * (point[1] - before[1]),
            ]);
        }
        if here >= 0.0 {
            out.push(point);
        }
        (before, before_side) = (point, here);
    }
}

/// Clips a convex ring to the unit square, in place.
pub fn clip_to_unit(ring: &mut Vec<Point>, spare: &mut Vec<Point>) {
    if ring.iter().flatten().all(|v| (0.0..=1.0).contains(v)) {
        return;
    }
    for line in [[1.0, 0.0, 0.0], [-1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.0, -1.0, 1.0]] {
        clip(ring, line, spare);
        std::mem::swap(ring, spare);
    }
}

/// Why a polygon cannot be a mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    #[error("fewer than three different points")]
    TooFewPoints,
    #[error("more than {MOST_POINTS} points")]
    TooManyPoints,
    #[error("its sides cross or touch")]
    Crosses,
    #[error("it has no area")]
    Flat,
    #[error("a coordinate is not a number or out of range")]
    OutOfRange,
    #[error("a side is 90° long or longer")]
    SideTooLong,
    #[error("it does not fit into a cap of 85°")]
    TooLarge,
}

/// Corners a mask may have.
pub const MOST_POINTS: usize = 256;

/// Checks that points are the corners of a simple polygon; gives them counter-clockwise, without repetitions.
///
/// # Errors
/// [`ShapeError`]: too few or too many corners, a number that is not finite, or sides that cross.
pub fn simple(points: &[Point]) -> Result<Vec<Point>, ShapeError> {
    if points.iter().flatten().any(|v| !v.is_finite()) {
        return Err(ShapeError::OutOfRange);
    }
    let mut ring: Vec<Point> = points.to_vec();
    ring.dedup();
    if ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    match ring.len() {
        0..3 => return Err(ShapeError::TooFewPoints),
        n if n > MOST_POINTS => return Err(ShapeError::TooManyPoints),
        _ => {}
    }
    let n = ring.len();
    let edge = |i: usize| (ring[i % n], ring[(i + 1) % n]);
    for i in 0..n {
        let (a, b) = edge(i);
        let (_, c) = edge(i + 1);
        let back = (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1]) < 0.0;
        if turn(a, b, c) == 0.0 && back && n > 3 {
            return Err(ShapeError::Crosses);
        }
        for j in i + 2..n {
            let neighbours = i == 0 && j == n - 1;
            if !neighbours && touch(edge(i), edge(j)) {
                return Err(ShapeError::Crosses);
            }
        }
    }
    let signed = area(&ring);
    let extent = ring.iter().flatten().fold(0.0f64, |m, v| m.max(v.abs()));
    if signed.abs() <= 1e-12 * (1.0 + extent * extent) {
        return Err(ShapeError::Flat);
    }
    if signed < 0.0 {
        ring.reverse();
    }
    Ok(ring)
}

/// Whether two closed segments share a point.
fn touch((a, b): (Point, Point), (c, d): (Point, Point)) -> bool {
    let within = |p: Point, q: Point, r: Point| {
        r[0] >= p[0].min(q[0]) && r[0] <= p[0].max(q[0]) && r[1] >= p[1].min(q[1]) && r[1] <= p[1].max(q[1])
    };
    let (d1, d2, d3, d4) = (turn(c, d, a), turn(c, d, b), turn(a, b, c), turn(a, b, d));
    if ((d1 > 0.0) != (d2 > 0.0)) && ((d3 > 0.0) != (d4 > 0.0)) && d1 * d2 != 0.0 && d3 * d4 != 0.0 {
        return true;
    }
    (d1 == 0.0 && within(c, d, a))
        || (d2 == 0.0 && within(c, d, b))
        || (d3 == 0.0 && within(a, b, c))
        || (d4 == 0.0 && within(a, b, d))
}

/// Cuts a simple polygon (as [`simple`] gives it) into convex rings: ears first, then joined again where it stays convex.
/// Should the cutting fail for numerical reasons, the answer is the hull: larger, never smaller.
pub fn decompose(ring: &[Point]) -> Vec<Vec<Point>> {
    if is_convex(ring) {
        return vec![ring.to_vec()];
    }
    let whole = area(ring);
    match triangles(ring) {
        Some(pieces) if (pieces.iter().map(|p| area(p)).sum::<f64>() - whole).abs() <= 1e-9 * whole => join(pieces),
        Some(_) | None => {
            let mut out = Vec::new();
            hull(&mut ring.to_vec(), &mut out);
            vec![out]
        }
    }
}

/// Whether a counter-clockwise ring is convex.
pub fn is_convex(ring: &[Point]) -> bool {
    let n = ring.len();
    (0..n).all(|i| turn(ring[i], ring[(i + 1) % n], ring[(i + 2) % n]) >= 0.0)
}

fn triangles(ring: &[Point]) -> Option<Vec<Vec<Point>>> {
    let mut left: Vec<Point> = ring.to_vec();
    let mut pieces = Vec::with_capacity(ring.len());
    while left.len() > 3 {
        let n = left.len();
        let ear = (0..n).find(|&i| {
            let (a, b, c) = (left[(i + n - 1) % n], left[i], left[(i + 1) % n]);
            turn(a, b, c) > 0.0
                && left.iter().all(|&p| {
                    p == a || p == b || p == c || turn(a, b, p) < 0.0 || turn(b, c, p) < 0.0 || turn(c, a, p) < 0.0
                })
        });
        let flat = |i: usize| turn(left[(i + n - 1) % n], left[i], left[(i + 1) % n]) == 0.0;
        match ear {
            Some(i) => {
                pieces.push(vec![left[(i + n - 1) % n], left[i], left[(i + 1) % n]]);
                left.remove(i);
            }
            None => {
                let i = (0..n).find(|&i| flat(i))?;
                left.remove(i);
            }
        }
    }
    pieces.push(left);
    Some(pieces)
}

fn join(mut pieces: Vec<Vec<Point>>) -> Vec<Vec<Point>> {
    'again: loop {
        for i in 0..pieces.len() {
            for j in i + 1..pieces.len() {
                if let Some(joined) = joined(&pieces[i], &pieces[j]) {
                    pieces[i] = joined;
                    pieces.swap_remove(j);
                    continue 'again;
                }
            }
        }
        return pieces;
    }
}

/// The union of two rings over a common side, when it is convex.
fn joined(a: &[Point], b: &[Point]) -> Option<Vec<Point>> {
    let (n, m) = (a.len(), b.len());
    for i in 0..n {
        for j in 0..m {
            if a[i] == b[(j + 1) % m] && a[(i + 1) % n] == b[j] {
                let ring: Vec<Point> = (0..n)
                    .map(|k| a[(i + 1 + k) % n])
                    .chain((0..m - 2).map(|k| b[(j + 2 + k) % m]))
                    .collect();
                return is_convex(&ring).then_some(ring);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn contains(ring: &[Point], p: Point) -> bool {
        (0..ring.len()).all(|i| turn(ring[i], ring[(i + 1) % ring.len()], p) >= -1e-12)
    }

    const ARROW: [Point; 4] = [[0.0, 0.0], [4.0, 0.0], [1.0, 1.0], [0.0, 4.0]];

    #[test]
    fn a_polygon_with_a_notch_becomes_convex_pieces_of_the_same_area() {
        let ring = simple(&ARROW).unwrap();
        let pieces = decompose(&ring);
        assert!(pieces.len() > 1 && pieces.iter().all(|p| is_convex(p)));
        assert!((pieces.iter().map(|p| area(p)).sum::<f64>() - area(&ring)).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_polygon_is_refused_by_name() {
        assert_eq!(
            simple(&[[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]),
            Err(ShapeError::TooFewPoints)
        );
        assert_eq!(
            simple(&[[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]),
            Err(ShapeError::Crosses)
        );
        assert_eq!(simple(&[[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]), Err(ShapeError::Flat));
        assert_eq!(
            simple(&[[0.0, f64::NAN], [1.0, 1.0], [2.0, 0.0]]),
            Err(ShapeError::OutOfRange)
        );
        assert_eq!(simple(&[[0.0, 0.5]; 3]), Err(ShapeError::TooFewPoints));
    }

    fn star() -> impl Strategy<Value = Vec<Point>> {
        proptest::collection::vec(0.2f64..1.0, 3..24).prop_map(|radii| {
            let step = std::f64::consts::TAU / radii.len() as f64;
            radii
                .iter()
                .enumerate()
                .map(|(i, r)| [r * (i as f64 * step).cos(), r * (i as f64 * step).sin()])
                .collect()
        })
    }

    proptest! {
        #[test]
        fn pieces_of_a_star_cover_it_exactly(points in star()) {
            let ring = simple(&points).unwrap();
            let pieces = decompose(&ring);
            prop_assert!(pieces.iter().all(|p| is_convex(p)));
            let sum: f64 = pieces.iter().map(|p| area(p)).sum();
            prop_assert!((sum - area(&ring)).abs() < 1e-9);
        }

        #[test]
        fn a_grown_ring_contains_every_point_within_the_radius(
            mut points in proptest::collection::vec([-1.0f64..1.0, -1.0f64..1.0], 1..12),
            radius in 0.001f64..0.5,
            towards in 0.0f64..std::f64::consts::TAU,
        ) {
            let original = points.clone();
            let (mut ring, mut grown) = (Vec::new(), Vec::new());
            hull(&mut points, &mut ring);
            grow(&ring, radius, &mut grown);
            prop_assert!(is_convex(&grown) || grown.len() < 3);
            for p in original {
                prop_assert!(contains(&ring, p) || ring.len() < 3);
                let edge = [p[0] + radius * towards.cos(), p[1] + radius * towards.sin()];
                prop_assert!(contains(&grown, edge), "{edge:?} not in {grown:?}");
            }
        }

        #[test]
        fn the_hull_with_a_scaled_copy_is_the_hull_of_both(
            mut points in proptest::collection::vec([-1.0f64..1.0, -1.0f64..1.0], 3..12), factor in 1.0f64..3.0,
        ) {
            let (mut ring, mut quick, mut slow) = (Vec::new(), Vec::new(), Vec::new());
            hull(&mut points, &mut ring);
            hull_with_scaled(&ring, factor, &mut quick);
            let mut both: Vec<Point> = ring.iter().flat_map(|p| [*p, [p[0] * factor, p[1] * factor]]).collect();
            hull(&mut both, &mut slow);
            prop_assert!((area(&quick) - area(&slow)).abs() < 1e-9, "{quick:?} {slow:?}");
        }

        #[test]
        fn clipping_keeps_exactly_the_inside(
            mut points in proptest::collection::vec([-1.0f64..2.0, -1.0f64..2.0], 3..12),
            probe in [-0.5f64..1.5, -0.5f64..1.5],
        ) {
            let (mut ring, mut spare) = (Vec::new(), Vec::new());
            hull(&mut points, &mut ring);
            let before = contains(&ring, probe);
            let inside = probe.iter().all(|v| (0.0..=1.0).contains(v));
            clip_to_unit(&mut ring, &mut spare);
            prop_assert_eq!(before && inside, ring.len() >= 3 && contains(&ring, probe));
        }
    }
}
