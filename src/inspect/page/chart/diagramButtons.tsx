import { useEffect, useState } from 'preact/hooks'
import { copyText, saveFile } from '../browser/index.js'
import type { Chart } from './chart.js'
import { chartToMermaid } from './diagram.js'

/** How long a result is shown, in ms. */
const RESULT_DURATION = 2_000

/** Copies a statechart as Mermaid text, or saves it as a file. */
export function DiagramButtons({ chart, name }: { readonly chart: Chart; readonly name: string }) {
  const [result, setResult] = useState('')
  useEffect(() => {
    if (result === '') return
    const timer = setTimeout(() => setResult(''), RESULT_DURATION)
    return () => clearTimeout(timer)
  }, [result])
  const exportTo = async (target: (text: string) => Promise<string>) => {
    const text = chartToMermaid(chart)
    setResult(text === undefined ? 'Cannot be drawn as Mermaid' : await target(text))
  }
  const copy = async (text: string) => ((await copyText(text)) ? 'Copied' : 'Copying not allowed: download it')
  const download = async (text: string) => {
    saveFile(`${name.replaceAll(/[^\w.-]+/g, '-')}.mmd`, text, 'text/plain')
    return 'Downloaded'
  }
  return (
    <span class="diagram">
      <span role="status">{result}</span>
      <button type="button" class="small" title="As Mermaid text" onClick={() => void exportTo(copy)}>
        Copy diagram
      </button>
      <button
        type="button"
        class="small"
        title="As a file of Mermaid text"
        aria-label="Download diagram (.mmd)"
        onClick={() => void exportTo(download)}
      >
        .mmd
      </button>
    </span>
  )
}
