"""The peers: how each shows N streams as a wall of 1920×1080, as its own users would.

Invariant: every peer gets the same streams over TCP, one decoding thread a stream, the least delay it can be asked for.
Deliberately absent: measuring.
"""

import math

WIDTH, HEIGHT = 1920, 1080


def cells(count):
    """Left upper corners and size of the cells of the smallest square grid."""
    side = math.isqrt(count - 1) + 1
    width, height = WIDTH // side, HEIGHT // side
    return [((i % side) * width, (i // side) * height) for i in range(count)], width, height


def xstack(count, label):
    """An ffmpeg filter graph: each input on a common beat and scaled to its cell, all of them put together.

    Without the beat the graph makes a new wall for every single picture of every camera, and drowns.
    """
    corners, width, height = cells(count)
    scaled = ";".join(f"{label(i)}fps=25,scale={width}:{height}:flags=bilinear[s{i}]" for i in range(count))
    inputs = "".join(f"[s{i}]" for i in range(count))
    layout = "|".join(f"{x}_{y}" for x, y in corners)
    return f"{scaled};{inputs}xstack=inputs={count}:layout={layout}"


def gstreamer(urls):
    corners, width, height = cells(len(urls))
    pads, chains = [], []
    for i, (url, (x, y)) in enumerate(zip(urls, corners)):
        pads += [f"sink_{i}::xpos={x}", f"sink_{i}::ypos={y}", f"sink_{i}::width={width}", f"sink_{i}::height={height}"]
        chains += ["rtspsrc", f"location={url}", "protocols=tcp", "latency=0", "!", "rtph264depay", "!", "avdec_h264",
                   "max-threads=1", "!", "queue", "max-size-buffers=1", "leaky=downstream", "!", f"wall.sink_{i}"]
    return ["gst-launch-1.0", "-q", "compositor", "name=wall", "background=black", *pads, "!",
            f"video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate=25/1", "!", "videoconvert", "!",
            "ximagesink", "sync=false", *chains]


def mpv(output):
    def command(urls):
        graph = xstack(len(urls), lambda i: f"[vid{i + 1}]") + "[vo]"
        more = [f"--external-file={url}" for url in urls[1:]]
        return ["mpv", "--no-config", "--no-terminal", "--no-audio", "--profile=low-latency", "--hwdec=no", f"--vo={output}",
                "--rtsp-transport=tcp", "--no-osc", "--osd-level=0", "--no-border", f"--geometry={WIDTH}x{HEIGHT}+0+0",
                f"--lavfi-complex={graph}", *more, urls[0]]
    return command


def ffmpeg(urls):
    inputs = []
    for url in urls:
        inputs += ["-threads", "1", "-rtsp_transport", "tcp", "-fflags", "nobuffer", "-flags", "low_delay", "-i", url]
    graph = xstack(len(urls), lambda i: f"[{i}:v]") + "[wall]"
    return ["ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "warning", *inputs, "-filter_complex", graph, "-map",
            "[wall]", "-pix_fmt", "yuv420p", "-window_borderless", "1", "-window_size", f"{WIDTH}x{HEIGHT}", "-f", "sdl",
            "wall"]


def vlc(urls):
    corners, width, height = cells(len(urls))
    side = math.isqrt(len(urls) - 1) + 1
    orders = ["new back broadcast enabled", f"setup back input \"{urls[0]}\"",
              f"setup back output #transcode{{sfilter=mosaic,vcodec=mp2v,width={WIDTH},height={HEIGHT}}}:display",
              "control back play"]
    for i, url in enumerate(urls):
        orders += [f"new t{i} broadcast enabled", f"setup t{i} input \"{url}\"",
                   f"setup t{i} output #mosaic-bridge{{id={i},width={width},height={height}}}", f"control t{i} play"]
    return {"file": "wall.vlm", "text": "\n".join(orders) + "\n",
            "command": lambda file: ["cvlc", "--no-audio", "--rtsp-tcp", "--network-caching=100", "--vlm-conf", file,
                                     f"--mosaic-width={WIDTH}", f"--mosaic-height={HEIGHT}", f"--mosaic-cols={side}",
                                     f"--mosaic-rows={side}", "--mosaic-position=1",
                                     "--mosaic-order=" + ",".join(map(str, range(len(urls)))), "--vout=xcb_x11",
                                     "--no-video-deco", f"--width={WIDTH}", f"--height={HEIGHT}"]}


PEERS = {
    "gstreamer": gstreamer,
    "mpv-x11": mpv("x11"),
    "mpv-gpu": mpv("gpu"),
    "ffmpeg-sdl": ffmpeg,
    "ffmpeg-soft": ffmpeg,
    "vlc-mosaic": vlc,
}

# SDL draws with OpenGL where it can; here that is the software rasteriser, so its own software renderer gets its chance.
ENVIRONMENT = {"ffmpeg-soft": {"SDL_RENDER_DRIVER": "software"}}

NEVER_ROOT = {"vlc-mosaic"}
