// Normal numbers as numpy.random.Generator(numpy.random.PCG64(SEED)).standard_normal(COUNT, dtype=numpy.float32) draws them.

const MASK = (1n << 64n) - 1n;
const WIDE = (1n << 128n) - 1n;

/** numpy.random.SeedSequence(seed).generate_state(8): eight numbers of 32 bits, for a seed below 2 ** 128. */
function spread(seed) {
  let constant = 0x43b0d7e5;
  const hash = (value, multiplier) => {
    value ^= constant;
    constant = Math.imul(constant, multiplier);
    value = Math.imul(value, constant);
    return (value ^ (value >>> 16)) >>> 0;
  };
  const pool = [0n, 32n, 64n, 96n].map((shift) => hash(Number((seed >> shift) & 0xffffffffn), 0x931e8875));
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) {
      if (from === to) continue;
      const mixed = Math.imul(0xca01f9dd, pool[to]) - Math.imul(0x4973f715, hash(pool[from], 0x931e8875));
      pool[to] = (mixed ^ (mixed >>> 16)) >>> 0;
    }
  }
  constant = 0x8b51f9dd;
  return Array.from({ length: 8 }, (_, i) => hash(pool[i % 4], 0x58f38ded));
}

/** PCG64 (PCG XSL RR 128/64): a function that returns the next 32 bits, the low half of each output first. */
function pcg64(seed) {
  const words = spread(seed).map(BigInt);
  const wide = (i) => (words[i + 1] << 96n) | (words[i] << 64n) | (words[i + 3] << 32n) | words[i + 2];
  const increment = ((wide(4) << 1n) | 1n) & WIDE;
  const step = (state) => (state * 0x2360ed051fc65da44385df649fccf645n + increment) & WIDE;
  let state = step((increment + wide(0)) & WIDE), half = null;
  return () => {
    if (half !== null) {
      const high = half;
      half = null;
      return high;
    }
    state = step(state);
    const folded = (state >> 64n) ^ (state & MASK), turn = state >> 122n;
    const output = ((folded >> turn) | (folded << (64n - turn))) & MASK;
    half = Number(output >> 32n);
    return Number(output & 0xffffffffn);
  };
}

// The ziggurat of Marsaglia and Tsang: 256 layers of the same area under the curve, x[255] the widest but for the tail.
const R = 3.6541528853610088, AREA = 0.004928673233974658;
const curve = (x) => Math.exp(-0.5 * x * x);
const x = new Float64Array(256);
x[255] = R;
for (let i = 254; i > 0; i--) x[i] = Math.sqrt(-2 * Math.log(AREA / x[i + 1] + curve(x[i + 1])));
x[0] = AREA / curve(R);
const inside = Array.from(x, (width, i) => Math.floor(2 ** 23 * (i === 0 ? R / width : i === 1 ? 0 : x[i - 1] / width)));
const scale = Float32Array.from(x, (width) => width / 2 ** 23);
const height = Float32Array.from(x, (width, i) => (i === 0 ? 1 : curve(width)));

/** Float32Array of `count` draws from N(0, 1); `seed` is a BigInt from 0 to 2 ** 128 - 1. */
export function normals(seed, count) {
  const next = pcg64(seed), f = Math.fround;
  const uniform = () => (next() >>> 8) / 2 ** 24;
  return Float32Array.from({ length: count }, () => {
    for (;;) {
      const bits = next(), layer = bits & 255, place = (bits >>> 9) & 0x7fffff;
      const value = f(place * scale[layer]) * (bits & 256 ? -1 : 1);
      if (place < inside[layer]) return value;
      if (layer > 0) {
        if (f(f(f(height[layer - 1] - height[layer]) * uniform()) + height[layer]) < curve(value)) return value;
        continue;
      }
      for (;;) {
        const beyond = f(f(1 / R) * -f(Math.log1p(-uniform()))), bound = -f(Math.log1p(-uniform()));
        if (f(bound + bound) > f(beyond * beyond)) return f(f(R) + beyond) * (place & 256 ? -1 : 1);
      }
    }
  });
}
