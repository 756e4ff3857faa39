// The layers of the map, filled for the view and the choice at hand. Sizes are pixels, places are metres.

const MOST_LIT = 60; // photos whose cones are drawn at once
const MOST_LABELS = 150;
const NOTCH_REACH = 0.3; // from a marker's edge to the middle of the triangle that stands on it
const FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif";

class Layers {
  constructor(figures, choice, palette) {
    this.map = figures.get_model_by_name("map");
    this.choice = choice;
    this.palette = palette;
    this.sources = new Map();
    for (const name of ["heat", "sights", "ways", "cones", "lit", "notches", "markers", "ring", "peaks", "labels"]) {
      this.sources.set(name, figures.get_model_by_name(name));
    }
    this.markers = [];
    this.pen = document.createElement("canvas").getContext("2d");
    this.heights = choice.trek.peaks.map((peak) => peak.metres).filter((height) => height !== undefined);
    this.peaks = this.rankPeaks();
    const { ways } = choice.trek;
    this.fill("ways", { xs: ways.map((way) => way.map(([x]) => x)), ys: ways.map((way) => way.map(([, y]) => y)) });
  }

  fill(name, data) {
    this.sources.get(name).data = data;
  }

  /** Show or hide a layer. */
  show(name, isShown) {
    for (const renderer of this.map.renderers) if (renderer.name === `${name}-layer`) renderer.visible = isShown;
  }

  /** The rectangle on screen: metres, pixels, and metres a pixel. */
  get view() {
    const { x_range: x, y_range: y, inner_width: width, inner_height: height } = this.map;
    const pixel = (x.end - x.start) / width;
    return { left: x.start, right: x.end, bottom: y.start, top: y.end, width, height, pixel };
  }

  /** Everything that depends on the view but the heat. */
  draw() {
    const view = this.view;
    const [across, up] = [0.1 * (view.right - view.left), 0.1 * (view.top - view.bottom)];
    const photos = this.choice.photos();
    const near = photos.filter(({ x, y }) =>
      x > view.left - across && x < view.right + across && y > view.bottom - up && y < view.top + up);
    // A step of the zoom changes who stands together, not every turn of the wheel.
    const pixel = 2 ** (Math.round(2 * Math.log2(view.pixel)) / 2);
    this.markers = gatherMarkers(near, clusterRadius(photos.length) * pixel);
    for (const marker of this.markers) marker.size = markerSize(marker.members.length);
    this.drawMarkers(view);
    this.drawSights();
    this.drawPeaks();
    this.drawLabels(view);
  }

  drawMarkers(view) {
    const markers = [...this.markers].sort((one, other) => one.members.length - other.members.length);
    this.fill("markers", {
      x: markers.map((marker) => marker.x),
      y: markers.map((marker) => marker.y),
      size: markers.map((marker) => marker.size),
      halo: markers.map((marker) => marker.size + 3),
      count: markers.map((marker) => (marker.members.length > 1 ? marker.members.length.toLocaleString("en") : "")),
    });
    const notches = { x: [], y: [], angle: [] };
    for (const marker of markers) {
      const reach = (marker.size / 2 + NOTCH_REACH) * view.pixel;
      for (const bearing of directions(marker.members)) {
        const turn = bearing * Math.PI / 180;
        notches.x.push(marker.x + reach * Math.sin(turn));
        notches.y.push(marker.y + reach * Math.cos(turn));
        notches.angle.push(-turn);
      }
    }
    this.fill("notches", notches);
  }

  drawSights() {
    const { trek, peaks: ticked } = this.choice;
    const lines = { x0: [], y0: [], x1: [], y1: [], width: [] };
    for (const marker of this.markers) {
      const counts = new Map();
      for (const { framed } of marker.members) for (const peak of framed) counts.set(peak, (counts.get(peak) ?? 0) + 1);
      for (const [place, count] of counts) {
        const peak = trek.peaks[place];
        if (peak.x === undefined || (ticked.size && !ticked.has(place))) continue;
        lines.x0.push(marker.x);
        lines.y0.push(marker.y);
        lines.x1.push(peak.x);
        lines.y1.push(peak.y);
        lines.width.push(Math.min(0.9 + 0.5 * Math.log2(count), 2.6));
      }
    }
    this.fill("sights", lines);
    const layer = this.map.renderers.find((renderer) => renderer.name === "sights-layer");
    layer.glyph.line_alpha = { value: Math.max(0.1, Math.min(0.75, 6 / Math.sqrt(lines.x0.length || 1))) };
  }

  /** Peaks that photos show first, each kind by height. */
  rankPeaks() {
    const [low, high] = [Math.min(...this.heights), Math.max(...this.heights)];
    return this.choice.trek.peaks
      .map((peak, place) => ({
        ...peak,
        place,
        isSeen: peak.named + peak.framed > 0,
        size: peak.metres === undefined || high <= low ? 14 : 10 + 9 * (peak.metres - low) / (high - low),
      }))
      .filter((peak) => peak.x !== undefined)
      .sort((one, other) => other.isSeen - one.isSeen || (other.metres ?? 0) - (one.metres ?? 0));
  }

  drawPeaks() {
    const peaks = [...this.peaks].reverse();
    this.fill("peaks", {
      x: peaks.map((peak) => peak.x),
      y: peaks.map((peak) => peak.y),
      size: peaks.map((peak) => peak.size),
      colour: peaks.map((peak) => (peak.isSeen ? this.palette.peak : this.palette.pale_peak)),
    });
  }

  drawLabels(view) {
    const inside = this.peaks.map((peak) => ({ ...peak, ...toPixels(peak, view) }))
      .filter((peak) => peak.sx > 0 && peak.sx < view.width && peak.sy > 0 && peak.sy < view.height)
      .slice(0, MOST_LABELS);
    const wanted = inside.map((peak) => this.measureLabel(peak, view));
    const marks = [...this.markers, ...inside].map((mark) => {
      const { sx, sy } = toPixels(mark, view);
      const half = mark.size / 2 + 3;
      return { left: sx - half, top: sy - half, width: 2 * half, height: 2 * half };
    });
    const labels = { x: [], y: [], text: [], right: [], down: [], align: [], font: [], style: [], colour: [] };
    placeLabels(wanted, marks, controls(view), view).forEach((place, row) => {
      if (place !== null) addLabel(labels, wanted[row], place, this.palette);
    });
    this.fill("labels", labels);
  }

  measureLabel(peak, view) {
    const [size, weight] = peak.isSeen ? [13, "bold"] : [11, "normal"];
    const height = peak.metres === undefined ? "" : metres(peak.metres);
    this.pen.font = `${weight} ${size}px ${FONT}`;
    const name = peak.names[0].length > 32 ? `${peak.names[0].slice(0, 31)}…` : peak.names[0];
    const across = this.pen.measureText(name).width;
    this.pen.font = `11px ${FONT}`;
    const middle = [peak.sx - view.width / 2, peak.sy - view.height / 2];
    const length = Math.hypot(...middle) || 1;
    return {
      peak, name, below: height, size, weight,
      x: peak.sx, y: peak.sy,
      width: Math.max(across, this.pen.measureText(height).width) + 8,
      height: size + 3 + (height ? 13 : 0),
      gap: peak.size / 2 + 1,
      away: middle.map((part) => part / length),
    };
  }

  drawHeat() {
    const view = this.view;
    const picture = drawHeat(this.choice.photos(), view, this.palette.heat);
    this.fill("heat", picture === null
      ? { url: [], x: [], y: [], w: [], h: [] }
      : {
        url: [picture.url],
        x: [view.left],
        y: [view.top],
        w: [picture.width * view.pixel],
        h: [picture.height * view.pixel],
      });
  }

  /** Light up photos: what they see, and the marker that holds them. */
  point(photos) {
    const some = new Set(photos.slice(0, MOST_LIT));
    const cones = { xs: [], ys: [] };
    for (const photo of some) addCone(cones, photo, 110 * this.view.pixel);
    this.fill("cones", cones);
    const { peaks } = this.choice.trek;
    this.light([...some].flatMap((photo) => photo.framed.map((place) => [photo, peaks[place]])));
    const markers = this.markers.filter((marker) => marker.members.some((member) => some.has(member)));
    this.fill("ring", {
      x: markers.map((marker) => marker.x),
      y: markers.map((marker) => marker.y),
      size: markers.map((marker) => marker.size + 7),
    });
  }

  /** Light up the sight lines to a peak. */
  pointPeak({ place }) {
    const seeing = this.markers.filter((marker) => marker.members.some((photo) => photo.framed.includes(place)));
    this.light(seeing.map((marker) => [marker, this.choice.trek.peaks[place]]));
  }

  light(pairs) {
    const drawn = pairs.filter(([, peak]) => peak.x !== undefined);
    this.fill("lit", {
      x0: drawn.map(([from]) => from.x),
      y0: drawn.map(([from]) => from.y),
      x1: drawn.map(([, to]) => to.x),
      y1: drawn.map(([, to]) => to.y),
    });
  }

  /** The marker or the peak under the pointer, or null. */
  at(sx, sy) {
    const view = this.view;
    const nearest = (marks, reach) => {
      let [best, least] = [null, Infinity];
      for (const mark of marks) {
        const place = toPixels(mark, view);
        const away = Math.hypot(place.sx - sx, place.sy - sy) - mark.size / 2;
        if (away < least) [best, least] = [mark, away];
      }
      return least <= reach ? best : null;
    };
    const marker = nearest(this.markers, 6);
    if (marker !== null) return { marker };
    const peak = nearest(this.peaks, 4);
    return peak === null ? null : { peak };
  }
}

function markerSize(count) {
  return Math.min(26, 10 + 8 * Math.log10(count));
}

function toPixels({ x, y }, view) {
  return { sx: (x - view.left) / view.pixel, sy: (view.top - y) / view.pixel };
}

/** Where the buttons, and scale and north, stand over the map. */
function controls({ width }) {
  return [{ left: 0, top: 0, width: 46, height: 146 }, { left: width - 190, top: 0, width: 190, height: 50 }];
}

/** Add a label's two lines to the columns of the source: the name, and the height under it. */
function addLabel(labels, label, place, palette) {
  const align = place.side[0] > 0 ? "left" : place.side[0] < 0 ? "right" : "center";
  const edge = { left: place.left + 4, right: place.left + place.width - 4, center: place.left + place.width / 2 }[align];
  const lines = [
    [label.name, label.size, label.weight, label.peak.isSeen ? palette.ink : palette.grey, label.size / 2 + 1],
    [label.below, 11, "normal", palette.grey, label.size + 9],
  ];
  for (const [text, size, style, colour, down] of lines) {
    if (!text) continue;
    labels.x.push(label.peak.x);
    labels.y.push(label.peak.y);
    labels.text.push(text);
    labels.right.push(edge - label.x);
    labels.down.push(place.top + down - label.y);
    labels.align.push(align);
    labels.font.push(`${size}px`);
    labels.style.push(style);
    labels.colour.push(colour);
  }
}

/** Add the sector that a photo sees, `reach` metres wide, to the columns of the source. */
function addCone(cones, photo, reach) {
  if (photo.bearing === undefined || photo.view === undefined) return;
  const [xs, ys] = [[photo.x], [photo.y]];
  for (let step = 0; step <= 16; step++) {
    const turn = (photo.bearing + photo.view * (step / 16 - 0.5)) * Math.PI / 180;
    xs.push(photo.x + reach * Math.sin(turn));
    ys.push(photo.y + reach * Math.cos(turn));
  }
  cones.xs.push(xs);
  cones.ys.push(ys);
}
