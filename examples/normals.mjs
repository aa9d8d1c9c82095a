// Prints COUNT normal numbers of a seed, as numpy draws them, as a JSON list.
//
//     node examples/normals.mjs SEED COUNT

import { normals } from "../web/src/latent/normals.js";

const [seed, count] = process.argv.slice(2);
console.log(JSON.stringify(Array.from(normals(BigInt(seed), Number(count)))));
