// Builds the one native add-on that has no usable prebuild: epoll, which onoff needs for GPIO edges.
// npm would build it against the system's Node, whose ABI is not that of the pinned Node 24 that runs us,
// so it is denied its own install script (package.json, allowScripts) and built here with one compiler call.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

function folderOf(name) {
  try {
    return dirname(require.resolve(`${name}/package.json`))
  } catch {
    return undefined
  }
}

function explain(reason) {
  console.log(`GPIO interrupts through sysfs are off: ${reason}. Everything else works.`)
  console.log('To turn them on: apt install g++ && npm run postinstall')
}

function build() {
  const epoll = folderOf('epoll')
  const nan = folderOf('nan')
  if (process.platform !== 'linux' || !epoll || !nan) return
  const headers = join(dirname(process.execPath), '..', 'include', 'node')
  if (!existsSync(join(headers, 'node.h'))) return explain('the headers of Node are missing')
  const target = join(epoll, 'build', 'Release')
  mkdirSync(target, { recursive: true })
  const flags = [
    '-shared',
    '-fPIC',
    '-O2',
    '-std=gnu++20',
    '-w',
    '-DNODE_GYP_MODULE_NAME=epoll',
    '-DBUILDING_NODE_EXTENSION',
  ]
  const args = [...flags, `-I${headers}`, `-I${nan}`, join(epoll, 'src', 'epoll.cc'), '-o', join(target, 'epoll.node')]
  const result = spawnSync('g++', args, { encoding: 'utf8' })
  if (result.error) return explain('there is no C++ compiler')
  if (result.status !== 0) explain('the compiler refused epoll')
}

build()
