// What the person chose: peaks, concepts, a window of time. Every change is told to whoever listens.

class Choice {
  constructor(trek) {
    this.trek = trek;
    this.peaks = new Set();
    this.concepts = new Set();
    this.by = "named";
    this.window = null; // [first, last] in milliseconds of the wall clock
    this.listeners = [];
    this.count();
  }

  /** How many photos name, and how many had in frame, each peak; how many show each concept. */
  count() {
    const { peaks, concepts, photos } = this.trek;
    for (const peak of peaks) Object.assign(peak, { named: 0, framed: 0 });
    this.shows = concepts.map(() => 0);
    for (const photo of photos) {
      photo.namedPeaks = (photo.named ?? []).map((found) => found.peak);
      photo.framed ??= [];
      photo.concepts ??= [];
      photo.namedPeaks.forEach((peak) => { peaks[peak].named += 1; });
      photo.framed.forEach((peak) => { peaks[peak].framed += 1; });
      photo.concepts.forEach((concept) => { this.shows[concept] += 1; });
    }
  }

  get isAll() {
    return !this.peaks.size && !this.concepts.size && this.window === null;
  }

  /** The photos that are left, in the order of time. */
  photos() {
    return this.trek.photos.filter((photo) => this.admits(photo));
  }

  admits(photo) {
    const peaks = this.by === "named" ? photo.namedPeaks : photo.framed;
    return (!this.peaks.size || peaks.some((peak) => this.peaks.has(peak)))
      && (!this.concepts.size || photo.concepts.some((concept) => this.concepts.has(concept)))
      && (this.window === null || (photo.t >= this.window[0] && photo.t <= this.window[1]));
  }

  change(fields) {
    Object.assign(this, fields);
    this.listeners.forEach((listener) => listener());
  }

  toggle(kind, place) {
    if (!this[kind].delete(place)) this[kind].add(place);
    this.change({});
  }

  clear() {
    this.change({ peaks: new Set(), concepts: new Set(), window: null });
  }
}

/** The lists of peaks and concepts to tick. */
function fillRail(choice) {
  const fill = () => {
    const ranked = choice.trek.peaks
      .map((peak, place) => ({ place, name: peak.names[0], metres: peak.metres, count: peak[choice.by] }))
      .filter((row) => row.count || choice.peaks.has(row.place))
      .sort((one, other) => other.count - one.count || (other.metres ?? 0) - (one.metres ?? 0));
    fillList(document.querySelector("#peaks ul"), "peaks", ranked, choice);
    const concepts = choice.trek.concepts.map((name, place) => ({ place, name, count: choice.shows[place] }));
    fillList(document.querySelector("#concepts ul"), "concepts", concepts, choice);
    document.getElementById("concepts").hidden = !concepts.length;
    document.getElementById("peaks").hidden = !choice.trek.peaks.some((peak) => peak.named + peak.framed);
  };
  for (const radio of document.querySelectorAll("[name=by]")) {
    radio.addEventListener("change", () => { choice.change({ by: radio.value }); fill(); });
  }
  if (!choice.trek.peaks.some((peak) => peak.named)) {
    choice.by = "framed";
    document.querySelector("[name=by][value=framed]").checked = true;
  }
  fill();
  choice.listeners.push(() => {
    for (const box of document.querySelectorAll(".choice [data-place]")) {
      box.checked = choice[box.dataset.kind].has(Number(box.dataset.place));
    }
  });
}

function fillList(list, kind, rows, choice) {
  const most = Math.max(1, ...rows.map((row) => row.count));
  list.replaceChildren(...rows.map((row) => {
    const box = element("input", { type: "checkbox", checked: choice[kind].has(row.place) });
    Object.assign(box.dataset, { kind, place: row.place });
    box.addEventListener("change", () => choice.toggle(kind, row.place));
    const label = element("label", {}, box, element("span", { className: "name" }, row.name));
    if (row.metres !== undefined) label.append(element("span", { className: "metres" }, metres(row.metres)));
    label.append(element("span", { className: "number" }, String(row.count)));
    label.style.setProperty("--share", `${100 * row.count / most}%`);
    return element("li", {}, label);
  }));
}

/** An element with properties and children; texts stay texts, whatever stands in them. */
function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function metres(number) {
  return `${number.toLocaleString("en")} m`;
}
