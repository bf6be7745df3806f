/** What a page of an attacker tries against a service. Chromium runs this script in pages; Node.js never does. */
;(() => {
  const PATIENCE_MS = 3_000
  /** The service is asked about one target after the other, and by all ways at once. */
  const SETTLED = Symbol('settled')
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  const orPatience = (promise) => Promise.race([promise, pause(PATIENCE_MS).then(() => SETTLED)])
  let frames = 0

  /** The body as a form with text/plain writes it, `NAME=VALUE`, so that it is still JSON. */
  function fieldOf(body) {
    const start = body.slice(0, -1)
    return [`${start}${start === '{' ? '' : ','}"x":"`, '"}']
  }

  function submit({ method, body = '{}' }, url, { enctype, target, referrerPolicy = 'unsafe-url' }) {
    const form = document.createElement('form')
    Object.assign(form, { method, action: url, enctype, target })
    form.setAttribute('referrerpolicy', referrerPolicy)
    const input = document.createElement('input')
    const [name, value] = fieldOf(body)
    Object.assign(input, { type: 'hidden', name, value })
    form.append(input)
    document.body.append(form)
    form.submit()
    form.remove()
  }

  function addFrame(attributes) {
    const frame = document.createElement('iframe')
    frames += 1
    frame.name = `frame-${frames}`
    for (const [name, value] of Object.entries(attributes)) frame.setAttribute(name, value)
    document.body.append(frame)
    return frame
  }

  /** The text of a document that another request has put into a frame or window; none where the browser hides it. */
  function textIn(view) {
    try {
      return view.location.href === 'about:blank' ? undefined : view.document.documentElement.textContent
    } catch {
      return undefined
    }
  }

  async function frameOf(fill, attributes = {}) {
    const frame = addFrame(attributes)
    const loaded = new Promise((resolve) => {
      frame.addEventListener('load', () => {
        if (textIn(frame.contentWindow) !== undefined || isHidden(frame.contentWindow)) resolve()
      })
    })
    fill(frame)
    await orPatience(loaded)
    const text = textIn(frame.contentWindow)
    frame.remove()
    return text
  }

  function isHidden(view) {
    try {
      return view.location.href === undefined
    } catch {
      return true
    }
  }

  async function popupOf(fill) {
    frames += 1
    const name = `window-${frames}`
    const view = window.open('about:blank', name, 'popup,width=200,height=200')
    if (view === null) throw new Error('The browser opens no window')
    fill(name)
    const end = performance.now() + PATIENCE_MS
    while (performance.now() < end && !isHidden(view) && textIn(view) === undefined) await pause(25)
    const text = textIn(view)
    view.close()
    return text
  }

  async function elementOf(tag, attributes) {
    const element = document.createElement(tag)
    const ended = new Promise((resolve) => {
      for (const event of ['load', 'error', 'loadeddata']) element.addEventListener(event, resolve)
    })
    Object.assign(element, attributes)
    document.body.append(element)
    await orPatience(ended)
    element.remove()
  }

  const asked = async (url, options) => {
    const response = await fetch(url, { credentials: 'include', ...options })
    return response.type === 'opaque' ? undefined : await response.text()
  }
  const withBody = ({ method, body }, type) => ({
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': type }, body }),
  })

  function askByRequest({ method, body }, url) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest()
      request.open(method, url)
      request.withCredentials = true
      request.onload = () => resolve(request.responseText)
      request.onerror = () => reject(new Error('refused'))
      if (body !== undefined) request.setRequestHeader('content-type', 'text/plain')
      request.send(body)
    })
  }

  /** Asks from a document whose origin is `null`, or from a worker; both send a message with what they could read. */
  const ASK = 'const ask = (url, options) => fetch(url, options).then((response) => response.text()).catch(() => null);'
  function askFromSandbox(target, url) {
    const options = JSON.stringify(withBody(target, 'text/plain'))
    const script = `${ASK} ask(${JSON.stringify(url)}, ${options}).then((text) => parent.postMessage([name, text], '*'))`
    return new Promise((resolve) => {
      const frame = addFrame({ sandbox: 'allow-scripts' })
      addEventListener('message', ({ data }) => {
        if (data[0] === frame.name) resolve(data[1] ?? undefined)
      })
      frame.srcdoc = `<script>${script.replaceAll('</', '<\\/')}</script>`
    })
  }

  function askFromWorker(target, url) {
    const options = JSON.stringify(withBody(target, 'text/plain'))
    const script = `${ASK} ask(${JSON.stringify(url)}, ${options}).then((text) => postMessage(text))`
    const worker = new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })))
    return new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data ?? undefined)
    })
  }

  function listen(source, events) {
    return new Promise((resolve) => {
      source.onmessage = ({ data }) => resolve(data)
      for (const event of events) source.addEventListener(event, () => resolve(undefined))
    }).finally(() => source.close())
  }

  const POST = ['POST']
  const SIMPLE = ['GET', 'POST']
  const ANY = ['GET', 'POST', 'PATCH', 'DELETE']
  /** The ways by their names: the methods of the targets that they are tried on, and what sends the request. */
  const WAYS = {
    'fetch, cors, text': [ANY, (target, url) => asked(url, withBody(target, 'text/plain'))],
    'fetch, cors, JSON': [ANY, (target, url) => asked(url, withBody(target, 'application/json'))],
    'fetch, no-cors': [SIMPLE, (target, url) => asked(url, { ...withBody(target, 'text/plain'), mode: 'no-cors' })],
    'fetch, no referrer': [
      SIMPLE,
      (target, url) =>
        asked(url, { ...withBody(target, 'text/plain'), mode: 'no-cors', referrerPolicy: 'no-referrer' }),
    ],
    'fetch, keepalive': [
      SIMPLE,
      (target, url) =>
        asked(url, {
          ...withBody(target, 'text/plain'),
          mode: 'no-cors',
          keepalive: (target.body ?? '').length < 1_000,
        }),
    ],
    'fetch from a sandbox': [SIMPLE, askFromSandbox],
    'fetch from a worker': [SIMPLE, askFromWorker],
    'fetch, redirected': [
      SIMPLE,
      (target, url) => asked(redirectTo(url), { ...withBody(target, 'text/plain'), mode: 'no-cors' }),
    ],
    XMLHttpRequest: [ANY, askByRequest],
    'beacon, text': [POST, async ({ body }, url) => void navigator.sendBeacon(url, body)],
    'beacon, JSON': [
      POST,
      async ({ body }, url) => void navigator.sendBeacon(url, new Blob([body], { type: 'application/json' })),
    ],
    'form into a frame, text': [
      SIMPLE,
      (target, url) => frameOf((frame) => submit(target, url, { enctype: 'text/plain', target: frame.name })),
    ],
    'form into a frame, multipart': [
      SIMPLE,
      (target, url) => frameOf((frame) => submit(target, url, { enctype: 'multipart/form-data', target: frame.name })),
    ],
    'form into a frame, no referrer': [
      SIMPLE,
      (target, url) =>
        frameOf((frame) =>
          submit(target, url, { enctype: 'text/plain', target: frame.name, referrerPolicy: 'no-referrer' }),
        ),
    ],
    'form into a window': [
      SIMPLE,
      (target, url) => popupOf((name) => submit(target, url, { enctype: 'text/plain', target: name })),
    ],
    'form into a window, redirected': [
      SIMPLE,
      (target, url) => popupOf((name) => submit(target, redirectTo(url), { enctype: 'text/plain', target: name })),
    ],
    window: [SIMPLE, (_target, url) => popupOf((name) => window.open(url, name))],
    frame: [
      SIMPLE,
      (_target, url) =>
        frameOf((frame) => {
          frame.src = url
        }),
    ],
    image: [SIMPLE, (_target, src) => elementOf('img', { src })],
    script: [SIMPLE, (_target, src) => elementOf('script', { src })],
    style: [SIMPLE, (_target, href) => elementOf('link', { rel: 'stylesheet', href })],
    video: [SIMPLE, (_target, src) => elementOf('video', { src, preload: 'auto' })],
    EventSource: [SIMPLE, (_target, url) => listen(new EventSource(url, { withCredentials: true }), ['error'])],
    WebSocket: [SIMPLE, (_target, url) => listen(new WebSocket(url.replace(/^http/, 'ws')), ['open', 'error'])],
  }

  let redirecter = ''
  const redirectTo = (url) => `${redirecter}${encodeURIComponent(url)}`

  /** The names of all ways. */
  globalThis.ways = () => Object.keys(WAYS)

  /**
   * Tries every way on every target. Resolves with what the page could read. `{way}` in a URL becomes the name of the way;
   * `by` is the start of a URL that redirects to what follows. Windows cost a process each, and so only the first target of an
   * origin is asked by them.
   */
  globalThis.attack = async (targets, by) => {
    redirecter = by
    const read = []
    const known = new Set()
    for (const target of targets) {
      const { origin } = new URL(target.url)
      const isFirst = !known.has(origin)
      known.add(origin)
      const tries = Object.entries(WAYS)
        .filter(([way, [methods]]) => methods.includes(target.method) && (isFirst || !way.includes('window')))
        .map(async ([way, [, send]]) => {
          const url = target.url.replace('{way}', encodeURIComponent(way))
          const text = await orPatience(send(target, url)).catch(() => undefined)
          if (typeof text === 'string' && text !== '') read.push({ way, what: target.what, text: text.slice(0, 300) })
        })
      await Promise.all(tries)
    }
    return read
  }
})()
