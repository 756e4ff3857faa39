// The page comes alive: Bokeh draws, the rail and the window of time choose, the gallery shows what is in view.

const HEAT_DELAY = 120; // milliseconds of rest before the heat and the gallery follow

function read(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

async function start() {
  const trek = read("trek-data");
  const choice = new Choice(trek);
  fillRail(choice);
  await Bokeh.embed.embed_item(read("figures-data"));
  const figures = Bokeh.documents[0];
  const layers = new Layers(figures, choice, read("palette-data"));
  const profile = figures.get_model_by_name("profile") === null ? null : new Profile(figures, choice);
  const home = { ...layers.view };
  const gallery = new Gallery(trek, {
    point: (photos) => { layers.point(photos); profile?.point(photos); },
    go: (photo) => goTo(layers, [photo]),
  });
  const redraw = scheduler(layers, gallery, choice, profile);
  choice.listeners.push(redraw);
  for (const range of [layers.map.x_range, layers.map.y_range]) range.change.connect(redraw);
  for (const size of ["inner_width", "inner_height"]) {
    layers.map.properties[size].change.connect(() => { keepShape(layers); redraw(); });
  }
  listenToButtons(layers, choice, home);
  listenToPointer(layers, gallery, choice, profile);
  keepShape(layers);
  redraw();
}

/** Redraw at the next frame; heat and gallery follow when the map rests. */
function scheduler(layers, gallery, choice, profile) {
  let frame = null;
  let timer = null;
  const rest = () => {
    const view = layers.view;
    const photos = choice.photos();
    layers.drawHeat();
    gallery.fill(photos.filter(({ x, y }) => x >= view.left && x <= view.right && y >= view.bottom && y <= view.top),
      choice.isAll);
    Object.assign(document.body.dataset, { photos: photos.length, state: "resting" });
  };
  return () => {
    document.body.dataset.state = "moving";
    frame ??= requestAnimationFrame(() => {
      frame = null;
      if (!(layers.view.width > 1)) return;
      layers.draw();
      drawScale(layers.view);
      profile?.draw();
      document.body.dataset.markers = layers.markers.length;
    });
    clearTimeout(timer);
    timer = setTimeout(rest, HEAT_DELAY);
  };
}

/** A metre is as long to the right as it is up, whatever the window's shape. */
function keepShape(layers) {
  const { view, map } = layers;
  if (!(view.width > 1 && view.height > 1)) return;
  const pixel = Math.max((view.right - view.left) / view.width, (view.top - view.bottom) / view.height);
  show(map, (view.left + view.right) / 2, (view.bottom + view.top) / 2, pixel, view);
}

function show(map, x, y, pixel, { width, height }) {
  map.x_range.setv({ start: x - pixel * width / 2, end: x + pixel * width / 2 });
  map.y_range.setv({ start: y - pixel * height / 2, end: y + pixel * height / 2 });
}

/** Move the map so that photos fill it, no closer than a kilometre. */
function goTo(layers, photos) {
  const view = layers.view;
  const [xs, ys] = [photos.map((photo) => photo.x), photos.map((photo) => photo.y)];
  const span = (values) => Math.max(...values) - Math.min(...values);
  const pixel = Math.max(1.25 * span(xs) / view.width, 1.25 * span(ys) / view.height, 1200 / view.width);
  show(layers.map, (Math.max(...xs) + Math.min(...xs)) / 2, (Math.max(...ys) + Math.min(...ys)) / 2, pixel, view);
}

function listenToButtons(layers, choice, home) {
  const press = (id, act) => document.getElementById(id).addEventListener("click", act);
  const zoom = (factor) => {
    const view = layers.view;
    show(layers.map, (view.left + view.right) / 2, (view.bottom + view.top) / 2, view.pixel * factor, view);
  };
  press("closer", () => zoom(1 / 1.6));
  press("farther", () => zoom(1.6));
  press("home", () => {
    layers.map.x_range.setv({ start: home.left, end: home.right });
    layers.map.y_range.setv({ start: home.bottom, end: home.top });
    keepShape(layers);
  });
  press("everything", () => goTo(layers, choice.photos().length ? choice.photos() : choice.trek.photos));
  press("reset", () => choice.clear());
  for (const box of document.querySelectorAll("[data-layer]")) {
    box.addEventListener("change", () => layers.show(box.dataset.layer, box.checked));
  }
}

function listenToPointer(layers, gallery, choice, profile) {
  const { map } = layers;
  let pointed = null;
  const move = ({ x, y }) => {
    const view = layers.view;
    const { sx, sy } = toPixels({ x, y }, view);
    const found = layers.at(sx, sy);
    if (found?.marker !== pointed?.marker || found?.peak !== pointed?.peak) {
      layers.point(found?.marker?.members ?? []);
      profile?.point(found?.marker?.members ?? []);
      if (found?.peak) layers.pointPeak(found.peak);
    }
    pointed = found;
    const { outer_width: width } = map; // with the axis, which stands left of the view
    if (found === null) gallery.hideCard();
    else gallery.showCard(found, sx + width - view.width, sy, width, view.height);
  };
  map.on_event("mousemove", move);
  map.on_event("mouseleave", () => { pointed = null; gallery.hideCard(); layers.point([]); profile?.point([]); });
  map.on_event("tap", (event) => {
    move(event);
    if (pointed?.marker?.members.length > 1) goTo(layers, pointed.marker.members);
    if (pointed?.peak) choice.toggle("peaks", pointed.peak.place);
  });
}

/** A round length in kilometres at the map's middle, where a metre on the plane is cos φ on the ground. */
function drawScale(view) {
  const middle = (view.top + view.bottom) / 2;
  const ground = Math.cos(2 * Math.atan(Math.exp(middle / 6378137)) - Math.PI / 2);
  const longest = 150 * view.pixel * ground;
  const power = 10 ** Math.floor(Math.log10(longest));
  const length = [5, 2, 1].map((digit) => digit * power).find((round) => round <= longest);
  const scale = document.getElementById("scale");
  scale.textContent = length >= 1000 ? `${(length / 1000).toLocaleString("en")} km` : `${length} m`;
  scale.style.width = `${length / ground / view.pixel}px`;
}

/** Altitude over time, and the window on it. */
class Profile {
  constructor(figures, choice) {
    this.choice = choice;
    this.photos = choice.trek.photos.filter((photo) => photo.t !== undefined);
    const names = ["heights", "moments", "pointed"];
    this.sources = new Map(names.map((name) => [name, figures.get_model_by_name(name)]));
    this.window = figures.get_model_by_name("window");
    this.fit(figures);
    this.window.change.connect(() => this.choose());
    choice.listeners.push(() => { if (choice.window === null && !this.isWhole) this.widen(); });
  }

  fit(figures) {
    const times = this.photos.map((photo) => photo.t);
    const [first, last] = [Math.min(...times), Math.max(...times)];
    const pad = Math.max(0.015 * (last - first), 1_800_000);
    this.span = [first - pad, last + pad];
    const heights = this.photos.map((photo) => photo.metres).filter((height) => height !== undefined);
    const [low, high] = heights.length ? [Math.min(...heights), Math.max(...heights)] : [0, 1];
    const room = 0.12 * Math.max(high - low, 100);
    figures.get_model_by_name("days").setv({ start: this.span[0], end: this.span[1] });
    figures.get_model_by_name("metres").setv({ start: low - room, end: high + room });
    const known = this.photos.filter((photo) => photo.metres !== undefined);
    this.sources.get("heights").data = {
      t: known.map((photo) => photo.t), metres: known.map((photo) => photo.metres),
    };
    this.low = low;
    this.widen();
  }

  /** Put the window out of sight, left of all photos: the next drag of the mouse draws a new one. */
  widen() {
    const [first, last] = this.span;
    this.window.setv({ start: first - 2 * (last - first), end: first - (last - first) });
  }

  get isWhole() {
    return this.window.end < this.span[0] || (this.window.start <= this.span[0] && this.window.end >= this.span[1]);
  }

  choose() {
    const window = this.isWhole ? null : [this.window.start, this.window.end];
    if (String(window) !== String(this.choice.window)) this.choice.change({ window });
  }

  draw() {
    this.sources.get("moments").data = {
      t: this.photos.map((photo) => photo.t),
      metres: this.photos.map((photo) => photo.metres ?? this.low),
      alpha: this.photos.map((photo) => (this.choice.admits(photo) ? 1 : 0.15)),
    };
  }

  point(photos) {
    const timed = photos.filter((photo) => photo.t !== undefined);
    this.sources.get("pointed").data = {
      t: timed.map((photo) => photo.t), metres: timed.map((photo) => photo.metres ?? this.low),
    };
  }
}

start();
