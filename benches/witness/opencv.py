"""The work of the picture's witness done with OpenCV, on the pictures that benches/witness.rs left in a folder.

Corners (goodFeaturesToTrack) followed both ways (calcOpticalFlowPyrLK), one rotation by RANSAC on bearings, one thread. Writes
both tables to a file. The time of RANSAC is told apart: it is numpy here, and would be faster in C++.
"""

import json
import math
import statistics
import sys
import time
from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT = 640, 360
PAIRS = 64


def axes(pan, tilt, roll):
    p, t, r = (math.radians(v) for v in (pan, tilt, roll))
    right = np.array([math.cos(p), -math.sin(p), 0.0])
    up = np.array([-math.sin(t) * math.sin(p), -math.sin(t) * math.cos(p), math.cos(t)])
    forward = np.array([math.cos(t) * math.sin(p), math.cos(t) * math.cos(p), math.sin(t)])
    return np.array([right * math.cos(r) - up * math.sin(r), right * math.sin(r) + up * math.cos(r), forward])


def bearings(points, half):
    x = (2.0 * (points[:, 0] + 0.5) / WIDTH - 1.0) * half
    y = (1.0 - 2.0 * (points[:, 1] + 0.5) / HEIGHT) * half * HEIGHT / WIDTH
    rays = np.stack([x, y, np.ones_like(x)], axis=1)
    return rays / np.linalg.norm(rays, axis=1, keepdims=True)


def rotation(a, b):
    u, _, v = np.linalg.svd(b.T @ a)
    return u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ v))]) @ v


def ransac(a, b, within, chance):
    best = None
    for _ in range(PAIRS):
        pick = chance.choice(len(a), 2, replace=False)
        found = rotation(a[pick], b[pick])
        fits = np.linalg.norm(a @ found.T - b, axis=1) < within
        if best is None or fits.sum() > best.sum():
            best = fits
    return rotation(a[best], b[best]), best.mean()


def angle(r):
    return math.degrees(math.acos(max(-1.0, min(1.0, (np.trace(r) - 1.0) / 2.0))))


def quantile(values, share):
    values = sorted(values)
    return round(values[round((len(values) - 1) * share)], 4) if values else None


def measure(folder, number):
    truth = json.loads((folder / f"{number}.json").read_text())
    pictures = np.fromfile(folder / f"{number}.luma", np.uint8).reshape(len(truth), HEIGHT, WIDTH)
    half = math.tan(math.radians(truth[0][3]) / 2.0)
    chance = np.random.default_rng(1)
    flow = dict(winSize=(21, 21), maxLevel=4, criteria=(cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.03))
    errors, shares, ms, fit_ms, lost = [], [], [], [], 0
    for i in range(1, len(truth)):
        before, now = pictures[i - 1], pictures[i]
        begin = time.perf_counter()
        corners = cv2.goodFeaturesToTrack(before, 200, 0.01, 10)
        there, found, _ = cv2.calcOpticalFlowPyrLK(before, now, corners, None, **flow)
        back, found_back, _ = cv2.calcOpticalFlowPyrLK(now, before, there, None, **flow)
        ms.append((time.perf_counter() - begin) * 1000.0)
        begin = time.perf_counter()
        off = np.linalg.norm((back - corners).reshape(-1, 2), axis=1)
        good = (found.ravel() == 1) & (found_back.ravel() == 1) & (off < 1.0)
        if good.sum() < 12:
            lost += 1
            continue
        a, b = (bearings(points.reshape(-1, 2)[good].astype(np.float64), half) for points in (corners, there))
        turn, share = ransac(a, b, 1.5 * 2.0 * half / WIDTH, chance)
        fit_ms.append((time.perf_counter() - begin) * 1000.0)
        truly = axes(*truth[i][:3]) @ axes(*truth[i - 1][:3]).T
        errors.append(angle(turn @ truly.T))
        shares.append(share * good.mean())
    return {
        "lost": lost,
        "error_p50": quantile(errors, 0.5),
        "error_p99": quantile(errors, 0.99),
        "share_p50": quantile(shares, 0.5),
        "ms_p50": quantile(ms, 0.5),
        "ms_p99": quantile(ms, 0.99),
        "ransac_in_numpy_ms_p50": quantile(fit_ms, 0.5),
    }


def main():
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    cv2.setNumThreads(1)
    rows = []
    for number, ours in enumerate(json.loads((folder / "ours.json").read_text())):
        theirs = measure(folder, number)
        ratio = round(ours["ms_p50"] / theirs["ms_p50"], 4)
        rows.append({"ours": ours, "opencv": theirs, "time_ours_over_opencv": ratio})
        print(
            f"{ours['hfov']:>4}° {ours['speed']:>3}°/s  ours {ours['ms_p50']:.3f} ms, error p50 {ours['error_p50']}° p99 "
            f"{ours['error_p99']}°, lost {ours['lost']}; OpenCV {theirs['ms_p50']:.3f} ms, {theirs['error_p50']}° "
            f"{theirs['error_p99']}°, lost {theirs['lost']}; ratio {ratio}"
        )
    ratios = [row["time_ours_over_opencv"] for row in rows]
    summary = {"opencv": cv2.__version__, "ratio_median": statistics.median(ratios), "ratio_most": max(ratios), "moves": rows}
    out.write_text(json.dumps(summary, indent=1))
    print(f"ratio of times: median {summary['ratio_median']}, most {summary['ratio_most']}; {out}")


main()
