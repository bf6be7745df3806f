/** Sends a file that was dropped or chosen, shows how far it is, and goes on to the page of the file. */
import type { Frame } from '../page/frame.ts'

export function enhance(frame: Frame): void {
  const drop = document.getElementById('drop')
  const input = document.getElementById('file')
  const state = document.getElementById('upload-state')
  if (drop === null || state === null || !(input instanceof HTMLInputElement)) return
  let isBusy = false

  const send = (file: File | undefined) => {
    if (file === undefined || isBusy) return
    isBusy = true
    const request = new XMLHttpRequest()
    request.open('POST', `${frame.base}/start/upload?name=${encodeURIComponent(file.name)}`)
    request.setRequestHeader('content-type', 'application/octet-stream')
    request.setRequestHeader('x-csrf-token', frame.csrf)
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      state.textContent = `${Math.round((loaded / Math.max(1, total)) * 100)} % of ${file.name} is sent`
    })
    const fail = (reason: string) => {
      isBusy = false
      state.textContent = `The file was not taken: ${reason}`
    }
    request.addEventListener('error', () => fail('the console does not answer'))
    request.addEventListener('load', () => {
      const answer = JSON.parse(request.responseText || '{}') as { readonly id?: string; readonly message?: string }
      if (request.status === 200 && answer.id !== undefined) location.assign(`${frame.base}/start/${answer.id}`)
      else fail(answer.message ?? `status ${request.status}`)
    })
    request.send(file)
  }

  input.addEventListener('change', () => send(input.files?.[0]))
  // A file may have been chosen before this module was there, as where the connection is slow.
  send(input.files?.[0])
  document.addEventListener('dragover', (event) => {
    event.preventDefault()
    drop.classList.add('over')
  })
  document.addEventListener('dragleave', () => drop.classList.remove('over'))
  document.addEventListener('drop', (event) => {
    event.preventDefault()
    drop.classList.remove('over')
    send(event.dataTransfer?.files[0])
  })
}
