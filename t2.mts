import { net } from './packages/net/src/index.ts'
const t = net()
const l = await t.listen('tcp://127.0.0.1:0')
const c = await t.connect(l.address); const s = await l.accept()
c.send('hello'); console.log(await s.receive({timeoutMs: 2000})); s.send('x'); console.log(await c.receive({timeoutMs:2000}))
await Promise.all([c.close(), s.close()]); console.log('closed'); await l.close()
