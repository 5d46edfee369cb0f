//! The error a witness states, tried against true poses of a drawn world (R-PRV-1).

use super::test_world::{Camera, Grain, Scene};
use super::{Eye, Look, Luma, View, Witness};
use crate::domain::privacy::Interval;
use glam::DMat3;
use proptest::prelude::*;

pub(super) fn exactly(value: f64) -> Interval {
    Interval { lo: value, hi: value }
}

pub(super) fn view(scene: &Scene, hfov: f64) -> View {
    View {
        hfov: exactly(hfov),
        aspect: scene.aspect(),
    }
}

pub(super) fn luma<'a>(scene: &Scene, bytes: &'a [u8]) -> Luma<'a> {
    Luma::new(scene.size[0], scene.size[1], scene.size[0], bytes).unwrap()
}

/// The true rotation from one camera's frame to another's.
pub(super) fn truth(from: &Camera, to: &Camera) -> DMat3 {
    let (a, b) = (from.axes(), to.axes());
    let dot = |i: usize, j: usize| (0..3).map(|k| b[i][k] * a[j][k]).sum::<f64>();
    DMat3::from_cols_array_2d(&std::array::from_fn(|j| std::array::from_fn(|i| dot(i, j))))
}

/// Degrees between a witness's rotation and the true one.
pub(super) fn off(witness: &Witness, from: &Camera, to: &Camera) -> f64 {
    super::turn::angle(&(witness.rotation * truth(from, to).transpose())).to_degrees()
}

fn nothing(_: f64, _: f64) -> Option<f64> {
    None
}

/// A camera somewhere, and where it is `seconds` later.
fn moved(chance: &mut Grain, hfov: f64, speed: f64, seconds: f64) -> [Camera; 2] {
    let from = Camera {
        pan: chance.between(-180.0, 180.0),
        tilt: chance.between(-60.0, 15.0),
        roll: chance.between(-3.0, 3.0),
        hfov,
    };
    let heading = chance.between(0.0, std::f64::consts::TAU);
    let to = Camera {
        pan: from.pan + heading.cos() * speed * seconds,
        tilt: from.tilt + heading.sin() * 0.5 * speed * seconds,
        ..from
    };
    [from, to]
}

fn between(a: &Camera, b: &Camera, t: f64) -> Camera {
    let mix = |a: f64, b: f64| a + t * (b - a);
    Camera {
        pan: mix(a.pan, b.pan),
        tilt: mix(a.tilt, b.tilt),
        roll: mix(a.roll, b.roll),
        hfov: mix(a.hfov, b.hfov),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn r_prv_1_a_turn_is_within_its_stated_error(
        seed in any::<u32>(), hfov in prop_oneof![Just(62.0), 4.0f64..62.0], speed in 0.0f64..95.0,
        rate in prop_oneof![Just(12.5f64), Just(25.0)], noise in 0.5f64..6.0, zoom in prop_oneof![Just(0.0f64), -0.04f64..0.04],
    ) {
        let mut chance = Grain(u64::from(seed));
        let scene = Scene { size: [320, 180], noise, ..Scene::new(seed) };
        let [from, mut to] = moved(&mut chance, hfov, speed, 1.0 / rate);
        to.hfov = hfov * (1.0 + zoom);
        // A fiftieth of a second of exposure.
        let ahead = between(&from, &to, 1.0 + rate / 50.0);
        let start = between(&from, &to, rate / 50.0);
        let pictures = [
            scene.picture(&[from, between(&from, &to, rate / 100.0), start], 1, nothing),
            scene.picture(&[to, between(&to, &ahead, 0.5), ahead], 2, nothing),
        ];
        let mut eye = Eye::default();
        prop_assert_eq!(eye.look(luma(&scene, &pictures[0]), view(&scene, hfov)), Look::Lost);
        if let Look::Turned { witness, .. } = eye.look(luma(&scene, &pictures[1]), view(&scene, hfov)) {
            let off = off(&witness, &from, &to);
            prop_assert!(off <= witness.error_deg(), "{} of {}: {:?}", off, witness.error_deg(), witness);
            let zoomed = ((from.hfov / 2.0).to_radians().tan() / (to.hfov / 2.0).to_radians().tan()).ln();
            prop_assert!((witness.zoom_ln - zoomed).abs() <= witness.zoom_error_ln, "{} {:?}", zoomed, witness);
        } else {
            prop_assert!(speed / rate > 0.2 * hfov || noise > 3.0, "nothing seen");
        }
    }
}
