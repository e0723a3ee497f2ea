// Makes src/lib/korea.json, the outline of the peninsula, from world-atlas
// (Natural Earth 1:10m, public domain). Run it by hand; the result is
// committed. Coordinates are degrees with three decimals; rings smaller than
// about 4 km² are left out.
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { feature } from 'topojson-client'

const require = createRequire(import.meta.url)
const atlas = JSON.parse(readFileSync(require.resolve('world-atlas/countries-10m.json'), 'utf8'))
const round = (v) => Math.round(v * 1000) / 1000

function area(ring) {
  let sum = 0
  for (let i = 1; i < ring.length; i++) sum += ring[i - 1][0] * ring[i][1] - ring[i][0] * ring[i - 1][1]
  return Math.abs(sum) / 2
}

function rings(id) {
  const country = atlas.objects.countries.geometries.find((g) => g.id === id)
  const { geometry } = feature(atlas, country)
  const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates
  return polygons
    .flat()
    .filter((ring) => area(ring) > 0.0004)
    .map((ring) => ring.map(([lon, lat]) => [round(lon), round(lat)]))
}

const out = new URL('../src/lib/korea.json', import.meta.url)
writeFileSync(out, JSON.stringify({ land: rings('410'), beyond: rings('408') }) + '\n')
