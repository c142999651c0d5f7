// The import rules of docs/architecture.md: imports point down, or sideways inside their own room; never up, never in a circle.
const below = {
  base: [],
  documents: ['base'],
  sip: ['base', 'documents'],
  msrp: ['base', 'documents'],
  xmpp: ['base', 'documents'],
  directory: ['base', 'documents', 'sip', 'xmpp'],
  interwork: ['base', 'documents', 'sip', 'msrp', 'xmpp', 'directory'],
  ops: ['base'],
  store: ['base', 'documents', 'sip', 'msrp', 'xmpp', 'directory', 'interwork'],
  wire: ['base', 'documents', 'sip', 'msrp', 'xmpp', 'directory', 'interwork', 'ops'],
  config: ['base'],
  console: ['base', 'config', 'ops'],
};
const rooms = Object.keys(below);
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'src-never-imports-test', severity: 'error', from: { path: '^src/' }, to: { path: '^test/' } },
    {
      name: 'no-dev-dependency-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
    ...rooms.map((room) => ({
      name: `${room}-imports-only-below`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: { path: '^src/', pathNot: `^src/(${[room, ...below[room]].join('|')})/` },
    })),
    {
      name: 'no-socket-below-wire',
      comment: 'protocol rooms decide; only wire/, store/, ops/ and the rooms above touch the outside',
      severity: 'error',
      from: { path: '^src/(base|documents|sip|msrp|xmpp|directory|interwork)/' },
      to: {
        path: '^(node:)?(net|tls|dgram|dns|fs|http|https|http2|child_process|worker_threads|timers)(/|$)',
        dependencyTypes: ['core'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json', '.d.ts'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
    exclude: { path: '^(dist|node_modules)/' },
  },
};
