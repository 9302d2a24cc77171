import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

interface Service {
  readonly build: string
  readonly command: readonly string[]
  readonly user: string
  readonly ipc: string
  readonly shm_size?: string
  readonly read_only: boolean
  readonly volumes?: readonly string[]
  readonly depends_on?: readonly string[]
  readonly init: boolean
}

interface Compose {
  readonly name: string
  readonly services: Record<string, Service>
  readonly volumes: Record<string, null>
}

const KEYS = ['build', 'command', 'depends_on', 'init', 'ipc', 'read_only', 'shm_size', 'user', 'volumes']

test('the services of compose.yaml share one /dev/shm, one user and the volume that is declared', async () => {
  const file = new URL('../src/compose/compose.yaml', import.meta.url)
  const { services, volumes }: Compose = parse(await readFile(file, 'utf8'))
  const all = Object.entries(services)
  const owners = all.filter(([, { ipc }]) => ipc === 'shareable')
  expect(owners).toHaveLength(1)
  const [owner, { user, shm_size: size }] = owners[0] as [string, Service]
  expect(size).toMatch(/^\d+mb$/)
  for (const [name, service] of all) {
    expect(KEYS).toEqual(expect.arrayContaining(Object.keys(service)))
    expect(service.user).toBe(user)
    if (name !== owner) {
      expect(service).toMatchObject({ ipc: `service:${owner}`, depends_on: [owner] })
    }
    for (const volume of service.volumes ?? []) {
      expect(Object.keys(volumes)).toContain(volume.split(':')[0])
    }
  }
})
