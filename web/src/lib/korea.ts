import outline from './korea.json'

// The map's geometry: Mercator over the south of the peninsula, in units of a
// drawing 100 wide. The outline is Natural Earth's (public domain).

const west = 125.75
const east = 129.75
const north = 38.72
const south = 33.05
export const width = 100
const merc = (lat: number) => Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360))
const scale = width / ((east - west) * (Math.PI / 180))
export const height = (merc(north) - merc(south)) * scale

export const project = (lon: number, lat: number): [number, number] => [
  (((lon - west) * Math.PI) / 180) * scale,
  (merc(north) - merc(lat)) * scale,
]

function trace(rings: number[][][]): string {
  return rings
    .map(
      (ring) =>
        ring
          .map(
            ([lon, lat], i) =>
              (i ? 'L' : 'M') +
              project(lon, lat)
                .map((v) => v.toFixed(2))
                .join(' '),
          )
          .join('') + 'z',
    )
    .join('')
}
export const land = trace(outline.land)
export const beyond = trace(outline.beyond)

// Where the names of regions stand.
export const regions: { en: string; ko: string; lat: number; lon: number }[] = [
  { en: 'Gangwon', ko: '강원', lat: 37.95, lon: 128.15 },
  { en: 'Gyeonggi', ko: '경기', lat: 37.52, lon: 127.42 },
  { en: 'Chungbuk', ko: '충북', lat: 36.7, lon: 127.85 },
  { en: 'Chungnam', ko: '충남', lat: 36.38, lon: 127.0 },
  { en: 'Gyeongbuk', ko: '경북', lat: 36.72, lon: 128.95 },
  { en: 'Jeonbuk', ko: '전북', lat: 35.62, lon: 127.15 },
  { en: 'Gyeongnam', ko: '경남', lat: 35.8, lon: 127.98 },
  { en: 'Jeonnam', ko: '전남', lat: 34.92, lon: 126.8 },
  { en: 'Jeju', ko: '제주', lat: 33.32, lon: 126.6 },
]
