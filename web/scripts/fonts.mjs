// Makes the fonts of the portal (src/fonts) from the packages: Pretendard with
// Latin letters, with more of them, with the 2,350 Hangul syllables of KS X 1001, all
// with every weight from 450 to 680, and JetBrains Mono. `npm run fonts`; the
// files are committed.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import subsetFont from 'subset-font'

const root = join(import.meta.dirname, '..')
const to = join(root, 'src/fonts')
const range = (from, until) => String.fromCodePoint(...Array.from({ length: until - from + 1 }, (_, i) => from + i))

const latin = range(0x20, 0x7e) + range(0xa0, 0xff) + '–—‘’“”„†•…‰′″‹›⁄€₩™Ω←↑→↓↔⇧⌘⌥−∞≈≠≤≥▲▼◆●○×÷·'
const more = range(0x100, 0x17f) + range(0x2010, 0x2015) + range(0x2460, 0x2473)

// KS X 1001 has its syllables in the rows B0 to C8 of EUC-KR.
const hangul = new TextDecoder('euc-kr').decode(
  Uint8Array.from(
    Array.from({ length: 0xc8 - 0xb0 + 1 }, (_, r) => Array.from({ length: 94 }, (_, c) => [0xb0 + r, 0xa1 + c])).flat(
      2,
    ),
  ),
)
const marks = range(0x3131, 0x3163) + range(0x3000, 0x3011) + range(0xff01, 0xff5e)

const pretendard = await readFile(
  join(root, 'node_modules/pretendard/dist/web/variable/woff2/PretendardVariable.woff2'),
)
const mono = (weight) =>
  readFile(join(root, `node_modules/@fontsource/jetbrains-mono/files/jetbrains-mono-latin-${weight}-normal.woff2`))

await mkdir(to, { recursive: true })
async function write(name, font, text, variationAxes) {
  const made = await subsetFont(font, text, { targetFormat: 'woff2', variationAxes })
  await writeFile(join(to, name), made)
  console.log(`${name}: ${(made.length / 1024).toFixed(0)} KB`)
}
const wght = { min: 450, max: 680 }
await write('pretendard-latin.woff2', pretendard, latin, { wght })
await write('pretendard-more.woff2', pretendard, more, { wght })
await write('pretendard-hangul.woff2', pretendard, hangul + marks, { wght })
await write('jetbrains-mono.woff2', await mono(400), latin)
await write('jetbrains-mono-bold.woff2', await mono(600), range(0x20, 0x7e))
