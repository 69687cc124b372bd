import ora from 'ora'
import { safeScreen } from '../core/safe.ts'
import type { Io } from './io.ts'
import type { Ticker } from './ticker-plain.ts'

export const liveTicker = (io: Io): Ticker => {
  const spinner = ora({ stream: process.stderr, discardStdin: false, hideCursor: true })
  let ended = false
  return {
    show(text) {
      if (ended) return
      spinner.text = safeScreen(text, io.c.isColorSupported)
      if (!spinner.isSpinning) spinner.start()
    },
    line(text) {
      const spun = spinner.isSpinning
      spinner.stop()
      io.note(text)
      if (spun) spinner.start()
    },
    end() {
      ended = true
      spinner.stop()
    },
  }
}
