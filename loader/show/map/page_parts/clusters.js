// Photos that cannot be drawn side by side, gathered into markers. Greedy, as map libraries do it: the next photo that
// no marker holds yet takes in all free ones within a radius, and the marker stands at their mean.

const SECTORS = 24;

/** Pixels within which so many photos share a marker: the markers of many are large. */
function clusterRadius(photos) {
  return Math.min(26, 15 + 4 * Math.log10(Math.max(1, photos / 100)));
}

/** Markers {x, y, members} of photos {x, y} within `radius` metres of one another; each photo is in one marker. */
function gatherMarkers(photos, radius) {
  const cells = new Map();
  const cellOf = (photo) => [Math.floor(photo.x / radius), Math.floor(photo.y / radius)];
  for (const photo of photos) {
    const key = cellOf(photo).join();
    if (!cells.has(key)) cells.set(key, []);
    cells.get(key).push(photo);
  }
  const taken = new Set();
  const markers = [];
  for (const photo of photos) {
    if (taken.has(photo)) continue;
    const [column, row] = cellOf(photo);
    const members = [];
    for (const right of [-1, 0, 1]) {
      for (const up of [-1, 0, 1]) {
        for (const other of cells.get(`${column + right},${row + up}`) ?? []) {
          if (!taken.has(other) && Math.hypot(other.x - photo.x, other.y - photo.y) <= radius) members.push(other);
        }
      }
    }
    members.forEach((member) => taken.add(member));
    markers.push({ x: mean(members.map((m) => m.x)), y: mean(members.map((m) => m.y)), members });
  }
  return markers;
}

/** The directions in which photos look, each sector of the rim once; degrees clockwise from north. */
function directions(photos) {
  const sectors = new Map();
  for (const { bearing } of photos) {
    if (bearing === undefined) continue;
    const sector = Math.floor((bearing % 360) * SECTORS / 360);
    sectors.set(sector, [...(sectors.get(sector) ?? []), bearing % 360]);
  }
  return [...sectors.values()].map(mean);
}

function mean(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
