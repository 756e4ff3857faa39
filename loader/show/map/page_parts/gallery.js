// The photos in the view as pictures, and the card that tells of what is under the pointer.

const MOST_PICTURES = 60;
const MOST_SMALL = 8;

class Gallery {
  /** `point(photos)` lights photos up on the map, `go(photo)` moves the map to one. */
  constructor(trek, { point, go }) {
    this.trek = trek;
    this.point = point;
    this.go = go;
    this.list = document.getElementById("photos");
    this.card = document.getElementById("card");
  }

  /** Fill the column with photos, a heading for each day. */
  fill(photos, isAll) {
    const count = photos.length.toLocaleString("en");
    document.getElementById("count").textContent = `${count} photo${photos.length === 1 ? "" : "s"} in view`;
    document.getElementById("reset").hidden = isAll;
    const items = [];
    let day = null;
    const shown = choosePictures(photos);
    for (const photo of shown) {
      if (dayOf(photo) !== day) {
        day = dayOf(photo);
        items.push(element("h3", {}, day));
      }
      items.push(this.tile(photo));
    }
    if (photos.length > shown.length) {
      const words = `These are ${shown.length} of ${count}: zoom in, or choose a peak or a few days.`;
      items.push(element("p", { className: "more" }, words));
    }
    this.list.replaceChildren(...items);
  }

  tile(photo) {
    const tile = element("button", { type: "button", className: "tile" }, this.picture(photo));
    const badges = (photo.named ?? []).slice(0, 3).map(({ peak, sure }) => this.badge({ peak, said: [sure] }));
    if (badges.length) tile.append(element("span", { className: "badges" }, ...badges));
    tile.addEventListener("mouseenter", () => this.point([photo]));
    tile.addEventListener("mouseleave", () => this.point([]));
    tile.addEventListener("focus", () => this.point([photo]));
    tile.addEventListener("blur", () => this.point([]));
    tile.addEventListener("click", () => this.go(photo));
    tile.title = [photo.path, photo.when].filter(Boolean).join("\n");
    return tile;
  }

  picture(photo) {
    if (photo.picture === undefined) return element("span", { className: "missing" }, photo.path);
    return element("img", { src: photo.picture, alt: photo.path, loading: "lazy" });
  }

  badge({ peak, said }) {
    const badge = element("span", { className: "badge" }, this.trek.peaks[peak].names[0]);
    const words = said.filter(Boolean).join(", ");
    if (words) badge.append(" ", element("small", {}, words));
    return badge;
  }

  /** Show the card of a marker or a peak beside the pointer, in a map so many pixels wide and high. */
  showCard({ marker, peak }, sx, sy, width, height) {
    this.card.replaceChildren(...(peak ? this.peakLines(peak) : marker.members.length > 1
      ? this.clusterLines(marker.members) : this.photoLines(marker.members[0])));
    this.card.hidden = false;
    const box = this.card.getBoundingClientRect();
    const [left, right] = [sx - 18 - box.width, sx + 18];
    const hasRoom = { left: left >= 4, right: right + box.width <= width };
    const isLeft = hasRoom.left && (!hasRoom.right || looksEast(marker?.members ?? []));
    this.card.style.left = `${isLeft ? left : Math.max(4, Math.min(right, width - box.width))}px`;
    this.card.style.top = `${Math.max(4, Math.min(sy - 40, height - box.height - 4))}px`;
  }

  hideCard() {
    this.card.hidden = true;
  }

  photoLines(photo) {
    const facts = [
      photo.when,
      photo.metres === undefined ? null : `${metres(photo.metres)} above the sea`,
      photo.looks ? `looks ${photo.looks}${photo.view ? `, ${Math.round(photo.view)}° wide` : ""}` : null,
    ];
    return [
      ...(photo.picture === undefined ? [] : [this.picture(photo)]),
      ...(photo.named ?? []).map(({ peak, sure, evidence }) =>
        element("p", { className: "found" }, this.badge({ peak, said: [sure, evidence] }))),
      this.others("also in frame: ", photo.framed.filter((peak) => !photo.namedPeaks.includes(peak))),
      photo.concepts.length ? element("p", {}, photo.concepts.map((place) => this.trek.concepts[place]).join(", ")) : "",
      ...facts.filter(Boolean).map((fact) => element("p", {}, fact)),
      photo.words ? element("p", { className: "words" }, photo.words) : "",
      element("p", { className: "path" }, photo.path),
    ].filter(Boolean);
  }

  others(words, peaks) {
    if (!peaks.length) return "";
    const names = peaks.slice(0, 5).map((peak) => this.trek.peaks[peak].names[0]);
    const more = peaks.length > 5 ? ` and ${peaks.length - 5} more` : "";
    return element("p", { className: "grey" }, `${words}${names.join(", ")}${more}`);
  }

  clusterLines(photos) {
    const pictures = photos.filter((photo) => photo.picture !== undefined);
    const chosen = pictures.filter((_, place) => place % Math.ceil(pictures.length / MOST_SMALL) === 0);
    const days = [...new Set(photos.map(dayOf))].filter((day) => day !== "without a time");
    const counts = new Map();
    for (const { namedPeaks } of photos) for (const peak of namedPeaks) counts.set(peak, (counts.get(peak) ?? 0) + 1);
    const named = [...counts].sort((one, other) => other[1] - one[1]).slice(0, 4);
    return [
      element("p", { className: "title" }, `${photos.length.toLocaleString("en")} photos`),
      chosen.length ? element("div", { className: "small" }, ...chosen.map((photo) => this.picture(photo))) : "",
      days.length ? element("p", {}, days.length > 1 ? `${days[0]} to ${days.at(-1)}` : days[0]) : "",
      ...named.map(([peak, count]) =>
        element("p", { className: "found" }, this.badge({ peak, said: [`in ${count}`] }))),
      element("p", { className: "grey" }, "click to look closer"),
    ].filter(Boolean);
  }

  peakLines(peak) {
    const counted = (count, words) => `${words} ${count} photo${count === 1 ? "" : "s"}`;
    return [
      element("p", { className: "title" }, peak.names[0]),
      peak.names.length > 1 ? element("p", { className: "grey" }, peak.names.slice(1, 6).join(" · ")) : "",
      peak.metres === undefined ? "" : element("p", {}, metres(peak.metres)),
      element("p", {}, counted(peak.named, "named in")),
      element("p", {}, counted(peak.framed, "in the frame of")),
    ].filter(Boolean);
  }
}

/** Whether photos look east rather than west, where the card would cover what they see. */
function looksEast(photos) {
  const known = photos.filter((photo) => photo.bearing !== undefined);
  return known.reduce((sum, { bearing }) => sum + Math.sin(bearing * Math.PI / 180), 0) > 0;
}

/** As many photos as the column shows, those with a picture first, spread evenly over all. */
function choosePictures(photos) {
  if (photos.length <= MOST_PICTURES) return photos;
  const pictured = photos.filter((photo) => photo.picture !== undefined);
  const among = pictured.length ? pictured : photos;
  const count = Math.min(MOST_PICTURES, among.length);
  return Array.from({ length: count }, (_, place) => among[Math.floor(place * among.length / count)]);
}

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

function dayOf(photo) {
  return photo.t === undefined ? "without a time" : DAY.format(photo.t);
}
