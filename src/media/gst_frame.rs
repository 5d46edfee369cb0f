//! A GStreamer sample as a [`Frame`]: the decoder's buffer, mapped and not copied.
//!
//! Invariant: every plane of a frame made here lies inside its bytes. Deliberately absent: conversion; formats other
//! than I420 and NV12 in system memory are refused by the sink's caps before they come here.

use super::frame::{Frame, Matrix, PixelFormat, Plane, Range};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;
use std::time::{Duration, Instant};

/// A sink that holds at most one frame, never waits for the clock, and takes the decoder's buffers as they are.
pub(super) fn sink() -> gst_app::AppSink {
    let caps = gst::Caps::builder("video/x-raw")
        .field("format", gst::List::new(["I420", "NV12"]))
        .build();
    let sink = gst_app::AppSink::builder()
        .caps(&caps)
        .sync(false)
        .max_buffers(1)
        .drop(true)
        .enable_last_sample(false)
        .qos(false)
        .wait_on_eos(false)
        .build();
    if let Some(pad) = sink.static_pad("sink") {
        pad.add_probe(gst::PadProbeType::QUERY_DOWNSTREAM, |_, info| {
            match info.query_mut().map(|q| q.view_mut()) {
                Some(gst::QueryViewMut::Allocation(allocation)) => {
                    offer(allocation);
                    gst::PadProbeReturn::Handled
                }
                _ => gst::PadProbeReturn::Ok,
            }
        });
    }
    sink
}

/// Offers a decoder what it needs to decode into the buffers that come here: pictures may be padded (GstVideoMeta), and
/// a pool that pads them. Without either, a libav decoder copies every picture into a packed one.
fn offer(allocation: &mut gst::query::Allocation<gst::QueryRef>) {
    allocation.add_allocation_meta::<gst_video::VideoMeta>(None);
    let (caps, _) = allocation.get_owned();
    let info = caps
        .as_ref()
        .and_then(|caps| gst_video::VideoInfo::from_caps(caps).ok());
    let Some(size) = info.and_then(|info| u32::try_from(info.size()).ok()) else {
        return;
    };
    let pool = gst_video::VideoBufferPool::new();
    let mut config = pool.config();
    config.set_params(caps.as_ref(), size, 0, 0);
    if pool.set_config(config).is_ok() {
        allocation.add_allocation_pool(Some(&pool), size, 0, 0);
    }
}

/// The frame in a sample. `None` when the sample is not a picture that fits its buffer.
pub(super) fn frame(sample: &gst::Sample, number: u64, recorded_ms: Option<i64>) -> Option<Frame> {
    let info = gst_video::VideoInfo::from_caps(sample.caps()?).ok()?;
    let format = match info.format() {
        gst_video::VideoFormat::I420 => PixelFormat::I420,
        gst_video::VideoFormat::Nv12 => PixelFormat::Nv12,
        _ => return None,
    };
    let (width, height) = (info.width(), info.height());
    let buffer = sample.buffer_owned()?;
    let (offsets, strides) = match buffer.meta::<gst_video::VideoMeta>() {
        Some(meta) => (meta.offset().to_vec(), meta.stride().to_vec()),
        None => (info.offset().to_vec(), info.stride().to_vec()),
    };
    let bytes = buffer.into_mapped_buffer_readable().ok()?;
    let planes = planes(format, width, height, &offsets, &strides, bytes.size())?;
    let colours = info.colorimetry();
    Some(Frame {
        width,
        height,
        format,
        matrix: match colours.matrix() {
            gst_video::VideoColorMatrix::Bt709 => Matrix::Bt709,
            gst_video::VideoColorMatrix::Bt601 | gst_video::VideoColorMatrix::Fcc => Matrix::Bt601,
            _ if height > 576 => Matrix::Bt709,
            _ => Matrix::Bt601,
        },
        range: match colours.range() {
            gst_video::VideoColorRange::Range0_255 => Range::Full,
            _ => Range::Limited,
        },
        planes,
        arrived: Instant::now(),
        number,
        recorded_ms,
        captured_ms: None,
        waited: Duration::ZERO,
        behind: Duration::ZERO,
        pixel_aspect: pixel_aspect(info.par()),
        bytes: Box::new(bytes),
    })
}

fn pixel_aspect(par: gst::Fraction) -> [u32; 2] {
    let side = |side: i32| u32::try_from(side).unwrap_or(0);
    [side(par.numer()), side(par.denom())]
}

/// The planes of a picture, if all of them lie inside `size` bytes. Odd sizes round the chroma up.
fn planes(
    format: PixelFormat,
    width: u32,
    height: u32,
    offsets: &[usize],
    strides: &[i32],
    size: usize,
) -> Option<Vec<Plane>> {
    let (w, h) = (usize::try_from(width).ok()?, usize::try_from(height).ok()?);
    let chroma = (w.div_ceil(2), h.div_ceil(2));
    let shapes: &[(usize, usize)] = match format {
        PixelFormat::I420 => &[(w, h), chroma, chroma],
        PixelFormat::Nv12 => &[(w, h), (2 * chroma.0, chroma.1)],
    };
    let mut planes = Vec::with_capacity(shapes.len());
    for (i, (row_bytes, rows)) in shapes.iter().copied().enumerate() {
        let offset = *offsets.get(i)?;
        let stride = usize::try_from(*strides.get(i)?).ok()?;
        let last_row = stride.checked_mul(rows.checked_sub(1)?)?;
        let end = offset.checked_add(last_row)?.checked_add(row_bytes)?;
        if stride < row_bytes || end > size {
            return None;
        }
        planes.push(Plane {
            offset,
            stride,
            rows,
            row_bytes,
        });
    }
    Some(planes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer_of(info: &gst_video::VideoInfo, meta: Option<([usize; 3], [i32; 3])>, size: usize) -> gst::Buffer {
        let mut buffer = gst::Buffer::with_size(size).unwrap();
        if let Some((offsets, strides)) = meta {
            gst_video::VideoMeta::add_full(
                buffer.get_mut().unwrap(),
                gst_video::VideoFrameFlags::empty(),
                info.format(),
                info.width(),
                info.height(),
                &offsets,
                &strides,
            )
            .unwrap();
        }
        buffer
    }

    fn sample_of(info: &gst_video::VideoInfo, buffer: &gst::Buffer) -> gst::Sample {
        gst::Sample::builder()
            .caps(&info.to_caps().unwrap())
            .buffer(buffer)
            .build()
    }

    #[test]
    fn strides_and_offsets_come_from_the_video_meta_and_odd_sizes_round_up() {
        gst::init().unwrap();
        let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::I420, 33, 17)
            .build()
            .unwrap();
        let meta = ([0, 64 * 17, 64 * 17 + 32 * 9], [64, 32, 32]);
        let size = 64 * 17 + 2 * 32 * 9;
        let frame = frame(&sample_of(&info, &buffer_of(&info, Some(meta), size)), 7, Some(5)).unwrap();
        assert_eq!(
            (frame.width, frame.height, frame.number, frame.recorded_ms),
            (33, 17, 7, Some(5))
        );
        assert_eq!(
            frame.planes[0],
            Plane {
                offset: 0,
                stride: 64,
                rows: 17,
                row_bytes: 33
            }
        );
        assert_eq!(
            frame.planes[2],
            Plane {
                offset: 64 * 17 + 32 * 9,
                stride: 32,
                rows: 9,
                row_bytes: 17
            }
        );
        assert_eq!(frame.plane(2).len(), 32 * 8 + 17);
    }

    #[test]
    fn a_buffer_shorter_than_its_picture_is_refused() {
        gst::init().unwrap();
        let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Nv12, 64, 32)
            .build()
            .unwrap();
        assert!(frame(&sample_of(&info, &buffer_of(&info, None, 64 * 32 + 64 * 16)), 1, None).is_some());
        assert!(frame(&sample_of(&info, &buffer_of(&info, None, 64 * 32)), 1, None).is_none());
    }

    #[test]
    fn matrix_and_range_come_from_the_caps() {
        gst::init().unwrap();
        for (colours, matrix, range) in [
            ("bt709", Matrix::Bt709, Range::Limited),
            ("bt601", Matrix::Bt601, Range::Limited),
            ("1:4:0:0", Matrix::Bt601, Range::Full),
            ("1:3:5:1", Matrix::Bt709, Range::Full),
        ] {
            let caps = gst::Caps::builder("video/x-raw")
                .field("format", "I420")
                .field("width", 64i32)
                .field("height", 32i32)
                .field("framerate", gst::Fraction::new(25, 1))
                .field("colorimetry", colours)
                .build();
            let info = gst_video::VideoInfo::from_caps(&caps).unwrap();
            let buffer = buffer_of(&info, None, info.size());
            let sample = gst::Sample::builder().caps(&caps).buffer(&buffer).build();
            let frame = frame(&sample, 1, None).unwrap();
            assert_eq!((frame.matrix, frame.range), (matrix, range), "{colours}");
        }
    }
}
