// Pictures from their YUV planes, and the cover over them, in one pass.
// A colour is computed as the 8-bit value the screen must show; `show` turns it linear when the target stores sRGB.

struct TileOut {
    @builtin(position) position: vec4<f32>,
    @location(0) uv: vec2<f32>,
    @location(1) @interpolate(flat) coefficients: vec4<f32>,
    @location(2) @interpolate(flat) range: vec4<f32>,
    @location(3) @interpolate(flat) mode: vec4<f32>,
}

@group(0) @binding(0) var plane_y: texture_2d<f32>;
@group(0) @binding(1) var plane_u: texture_2d<f32>;
@group(0) @binding(2) var plane_v: texture_2d<f32>;
@group(0) @binding(3) var plane_sampler: sampler;

fn show(colour: vec3<f32>, linear_target: f32) -> vec4<f32> {
    let c = clamp(colour, vec3<f32>(0.0), vec3<f32>(1.0));
    let low = c / 12.92;
    let high = pow((c + 0.055) / 1.055, vec3<f32>(2.4));
    let linear = select(high, low, c <= vec3<f32>(0.04045));
    return vec4<f32>(select(c, linear, linear_target > 0.5), 1.0);
}

// rect: left, top, right, bottom in clip space. coefficients: R from V, G from U, G from V, B from U.
// range: Y offset, Y scale, chroma scale, brightness. mode: NV12, target is sRGB.
// shown: left, top, right, bottom of the part of the picture that fills the rectangle, 0..1.
@vertex
fn tile_vertex(
    @builtin(vertex_index) index: u32,
    @location(0) rect: vec4<f32>,
    @location(1) coefficients: vec4<f32>,
    @location(2) range: vec4<f32>,
    @location(3) mode: vec4<f32>,
    @location(4) shown: vec4<f32>,
) -> TileOut {
    let corner = vec2<f32>(f32(index & 1u), f32(index >> 1u));
    var out: TileOut;
    out.position = vec4<f32>(mix(rect.xy, rect.zw, corner), 0.0, 1.0);
    out.uv = mix(shown.xy, shown.zw, corner);
    out.coefficients = coefficients;
    out.range = range;
    out.mode = mode;
    return out;
}

@fragment
fn tile_fragment(in: TileOut) -> @location(0) vec4<f32> {
    let luma = textureSample(plane_y, plane_sampler, in.uv).r;
    let first = textureSample(plane_u, plane_sampler, in.uv);
    let second = textureSample(plane_v, plane_sampler, in.uv).r;
    let v_sample = select(second, first.g, in.mode.x > 0.5);
    let y = (luma - in.range.x) * in.range.y;
    let u = (first.r - 128.0 / 255.0) * in.range.z;
    let v = (v_sample - 128.0 / 255.0) * in.range.z;
    let colour = vec3<f32>(
        y + in.coefficients.x * v,
        y - in.coefficients.y * u - in.coefficients.z * v,
        y + in.coefficients.w * u,
    );
    return show(colour * in.range.w, in.mode.y);
}

// Where the processor paints pictures itself, only their place is drawn: nothing, and transparent.
@vertex
fn hole_vertex(@builtin(vertex_index) index: u32, @location(0) rect: vec4<f32>) -> @builtin(position) vec4<f32> {
    let corner = vec2<f32>(f32(index & 1u), f32(index >> 1u));
    return vec4<f32>(mix(rect.xy, rect.zw, corner), 0.0, 1.0);
}

@fragment
fn hole_fragment() -> @location(0) vec4<f32> {
    return vec4<f32>(0.0);
}

struct CoverOut {
    @builtin(position) position: vec4<f32>,
    // Red, green, blue, and whether the cover has a colour of its own; what is added to its grey where it has none.
    @location(0) colour: vec4<f32>,
    @location(1) @interpolate(flat) linear_target: f32,
}

@vertex
fn cover_vertex(
    @location(0) position: vec2<f32>,
    @location(1) colour: vec4<f32>,
    @location(2) linear_target: f32,
) -> CoverOut {
    var out: CoverOut;
    out.position = vec4<f32>(position, 0.0, 1.0);
    out.colour = colour;
    out.linear_target = linear_target;
    return out;
}

@fragment
fn cover_fragment(in: CoverOut) -> @location(0) vec4<f32> {
    let stripe = fract((in.position.x + in.position.y) / 14.0);
    // The stripes stay on a coloured cover too, fainter: nobody may take it for the place itself.
    let grey = select(0.165, 0.20, stripe < 0.5) + in.colour.r;
    let tinted = in.colour.rgb * select(0.88, 1.0, stripe < 0.5);
    return show(select(vec3<f32>(grey), tinted, in.colour.a > 0.5), in.linear_target);
}
