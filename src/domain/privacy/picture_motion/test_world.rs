//! A world for tests and measurements of following pictures: a sphere of soft edges and grain at every scale, seen by a
//! perspective camera with noise, blur, and things that move before it.
//!
//! Shares no code with what it tests. Deliberately absent: everything that is not needed to make a grey picture.

/// Reproducible chance (a multiplicative hash).
#[derive(Clone, Copy)]
pub struct Grain(pub u64);

impl Grain {
    pub fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        let mixed = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        (mixed >> 40) as f64 / (1u64 << 24) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.next() * (high - low)
    }
}

/// A camera that looks somewhere; degrees, conventions of the product.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    pub pan: f64,
    pub tilt: f64,
    pub roll: f64,
    pub hfov: f64,
}

impl Camera {
    /// Right, up and forward.
    pub fn axes(&self) -> [[f64; 3]; 3] {
        let (sp, cp) = self.pan.to_radians().sin_cos();
        let (st, ct) = self.tilt.to_radians().sin_cos();
        let (sr, cr) = self.roll.to_radians().sin_cos();
        let (right, up) = ([cp, -sp, 0.0], [-st * sp, -st * cp, ct]);
        let mix = |a: f64, b: f64| std::array::from_fn(|i| a * right[i] + b * up[i]);
        [mix(cr, -sr), mix(sr, cr), [ct * sp, ct * cp, st]]
    }
}

fn hash(x: i32, y: i32, z: i32, seed: u32) -> f64 {
    let mut v = (x as u32).wrapping_mul(0x8da6_b343)
        ^ (y as u32).wrapping_mul(0xd816_3841)
        ^ (z as u32).wrapping_mul(0xcb1a_b31f);
    v = (v ^ seed ^ (v >> 15)).wrapping_mul(0x2c1b_3c6d);
    v = (v ^ (v >> 12)).wrapping_mul(0x297a_2d39);
    f64::from((v ^ (v >> 15)) >> 8) / f64::from(1u32 << 24)
}

/// Smooth noise 0..1 of a place in a lattice.
fn noise(at: [f64; 3], seed: u32) -> f64 {
    let base = at.map(|v| v.floor() as i32);
    let t: [f64; 3] = std::array::from_fn(|i| {
        let f = at[i] - f64::from(base[i]);
        f * f * (3.0 - 2.0 * f)
    });
    let corner = |i: i32, j: i32, k: i32| hash(base[0] + i, base[1] + j, base[2] + k, seed);
    let along = |j: i32, k: i32| corner(0, j, k) + t[0] * (corner(1, j, k) - corner(0, j, k));
    let plane = |k: i32| along(0, k) + t[1] * (along(1, k) - along(0, k));
    plane(0) + t[2] * (plane(1) - plane(0))
}

/// What a place of a texture looks like; `finest`: the smallest grain that is drawn, in units of `at`.
pub fn texture(at: [f64; 3], coarsest: f64, finest: f64, seed: u32) -> f64 {
    let (mut size, mut sum, mut octave) = (coarsest, 0.0, 0);
    while size > finest {
        let n = noise(at.map(|v| v / size), seed.wrapping_add(octave * 977));
        sum += ((n - 0.5) * 5.0).clamp(-1.0, 1.0) * if octave < 3 { 1.0 } else { 0.75 };
        size /= 2.3;
        octave += 1;
    }
    125.0 + 36.0 * sum / f64::from(octave.max(1)).sqrt() * 1.2
}

/// How pictures are made.
#[derive(Clone, Copy)]
pub struct Scene {
    pub size: [usize; 2],
    pub seed: u32,
    /// Standard deviation of noise, grey levels.
    pub noise: f64,
    /// Contrast of the world, 1 is usual.
    pub contrast: f64,
}

impl Scene {
    pub fn new(seed: u32) -> Self {
        Self {
            size: [640, 360],
            seed,
            noise: 2.0,
            contrast: 1.0,
        }
    }

    pub fn aspect(&self) -> f64 {
        self.size[0] as f64 / self.size[1] as f64
    }

    /// The picture seen while the camera went from the first to the last of `poses`; `over` is what moves before it, by
    /// the place in the picture 0..1; `grain` makes its noise.
    pub fn picture(&self, poses: &[Camera], grain: u32, over: impl Fn(f64, f64) -> Option<f64>) -> Vec<u8> {
        let [width, height] = self.size;
        let views: Vec<_> = poses
            .iter()
            .map(|pose| (pose.axes(), (pose.hfov.to_radians() / 2.0).tan()))
            .collect();
        let mut grain = Grain(u64::from(grain) << 17 | u64::from(self.seed));
        let mut out = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let at = [(x as f64 + 0.5) / width as f64, (y as f64 + 0.5) / height as f64];
                let seen = over(at[0], at[1]).unwrap_or_else(|| {
                    let light: f64 = views.iter().map(|view| self.light(view, at)).sum();
                    light / views.len() as f64
                });
                let noise = (0..4).map(|_| grain.next() - 0.5).sum::<f64>() * 1.73 * self.noise;
                out.push((seen + noise).round().clamp(0.0, 255.0) as u8);
            }
        }
        out
    }

    fn light(&self, (axes, half): &([[f64; 3]; 3], f64), at: [f64; 2]) -> f64 {
        let (x, y) = ((2.0 * at[0] - 1.0) * half, (1.0 - 2.0 * at[1]) * half / self.aspect());
        let v: [f64; 3] = std::array::from_fn(|i| axes[0][i] * x + axes[1][i] * y + axes[2][i]);
        let length = (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt();
        let grain = 2.0 * half / self.size[0] as f64 * 2.5;
        let light = texture(v.map(|v| v / length), 0.5, grain, self.seed);
        125.0 + (light - 125.0) * self.contrast
    }
}
