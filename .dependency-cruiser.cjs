// Which folder may use which. The picture and the reasons are in docs/decisions/0002-arrows-and-how-they-are-checked.md;
// scripts/architecture.test.ts runs these rules and proves, on planted faults, that each of them bites.
//
// The arrows, read as "is used by":
//
//   tariffs ----------+
//   registry-cache ---+--> gateway/router --> gateway/messages --> the other gateway folders --> main, index, testing --> cli
//                                 |                  gateway/smpp ---^                                                    ^
//                                 +--> simulator -------------------------------------------------------------------------+
//   bench uses all of them; nothing uses bench.

/** Tests and contract suites. They may compose what product code may not, but still respect doors and the pure core. */
const TEST = '(\\.(test|contract)|-under-test)\\.ts$';
const PURE = '^(tariffs|registry-cache|gateway/router|gateway/smpp)/';
/** Read files once, at start-up, and hand text or bytes to the pure code. */
const LOADER = '/load-[^/]+\\.ts$';
/** Adapters that talk to Redis for a port of their folder: a folder of its own inside it. */
const REDIS_ADAPTER = '^(tariffs|registry-cache)/redis/';
const LOCAL = '^(tariffs|registry-cache|gateway|simulator|bench|grafana|scripts)/';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'tariffs-know-nobody',
      comment: 'Tariffs can be read, tested and reused without the rest of the package.',
      severity: 'error',
      from: { path: '^tariffs/' },
      to: { path: LOCAL, pathNot: ['^tariffs/', '^scripts/'] },
    },
    {
      name: 'registry-cache-knows-nobody',
      comment: 'The number registry can be read, tested and reused without the rest of the package.',
      severity: 'error',
      from: { path: '^registry-cache/' },
      to: { path: LOCAL, pathNot: ['^registry-cache/', '^scripts/'] },
    },
    {
      name: 'router-uses-only-tariffs-and-registry',
      comment: 'The decision depends on who a number is and what it costs, and on nothing else.',
      severity: 'error',
      from: { path: '^gateway/router/' },
      to: { path: LOCAL, pathNot: ['^gateway/router/', '^(tariffs|registry-cache)/index\\.ts$', '^scripts/'] },
    },
    {
      name: 'messages-use-only-the-core',
      comment: 'The message path (store, submit, read back) knows the router and the core, not who calls it.',
      severity: 'error',
      from: { path: '^gateway/messages/', pathNot: TEST },
      to: {
        path: '^(gateway|simulator)/',
        pathNot: ['^gateway/messages/', '^gateway/router/index\\.ts$', '^gateway/limits\\.ts$'],
      },
    },
    {
      name: 'siblings-do-not-meet',
      comment:
        'Folders under gateway/ meet in main.ts. They may use the router, the message path, SMPP on the wire, the limits, the problems, how a store is followed, the shape of public keys, what all requests have in common and the files of the package.',
      severity: 'error',
      from: { path: '^gateway/([^/]+)/', pathNot: ['^gateway/(router|messages|testing|cli)/', TEST] },
      to: {
        path: '^(gateway|simulator)/',
        pathNot: [
          '^gateway/$1/',
          '^gateway/(router|messages|smpp)/index\\.ts$',
          '^gateway/(follow-store|limits|package-files|problem|public-key|requests|route-answers)\\.ts$',
        ],
      },
    },
    {
      name: 'only-roots-compose',
      comment:
        'A file directly under gateway/ that is none of main.ts, worker.ts, admin.ts, which both use, and index.ts uses the core alone.',
      severity: 'error',
      from: { path: '^gateway/[^/]+\\.ts$', pathNot: ['^gateway/(main|worker|admin|index)\\.ts$', TEST] },
      to: {
        path: '^(gateway|simulator)/',
        pathNot: ['^gateway/(router|messages|smpp)/index\\.ts$', '^gateway/(?!main|worker|admin|index)[^/]+\\.ts$'],
      },
    },
    {
      name: 'nothing-uses-the-command-line',
      comment: 'gateway/cli is the outermost layer.',
      severity: 'error',
      from: { pathNot: ['^gateway/cli/', '^bench/', TEST] },
      to: { path: '^gateway/cli/' },
    },
    {
      name: 'only-the-command-line-simulates',
      comment: 'The service never runs the policy lab; the command line and the benches do.',
      severity: 'error',
      from: { path: '^gateway/', pathNot: ['^gateway/cli/', TEST] },
      to: { path: '^simulator/' },
    },
    {
      name: 'simulator-opens-no-socket',
      comment: 'The policy lab runs the same core on a virtual clock: no ingress, no delivery, however indirectly.',
      severity: 'error',
      from: { path: '^simulator/', pathNot: TEST },
      to: { path: '^gateway/(ingress|delivery)/', reachable: true },
    },
    {
      name: 'nothing-uses-bench',
      comment: 'Benches look at the product; the product never looks at them.',
      severity: 'error',
      from: { pathNot: ['^bench/', TEST] },
      to: { path: '^bench/' },
    },
    {
      name: 'only-tests-use-scripts',
      comment: 'scripts/ serves development and is not published.',
      severity: 'error',
      from: { pathNot: ['^(scripts|bench)/', TEST] },
      to: { path: '^scripts/' },
    },
    {
      name: 'top-folders-meet-at-doors',
      comment: 'What a folder offers is its index.ts. Deep imports across top-level folders make everything public.',
      severity: 'error',
      from: { path: '^([^/]+)/.+' },
      to: { path: LOCAL, pathNot: ['^$1/', '/index\\.ts$', '^scripts/'] },
    },
    {
      name: 'gateway-folders-meet-at-doors',
      comment: 'The same inside gateway/: another folder is entered through an index.ts.',
      severity: 'error',
      from: { path: '^gateway/([^/]+)' },
      to: { path: '^gateway/[^/]+/', pathNot: ['^gateway/$1/', '/index\\.ts$', TEST] },
    },
    {
      name: 'only-tests-use-tests',
      comment: 'What tests share is no door: product code and benches do without it.',
      severity: 'error',
      from: { pathNot: TEST },
      to: { path: TEST },
    },
    {
      name: 'pure-core-does-no-io',
      comment: 'Files, sockets, processes, time and chance come in as arguments. Loaders and Redis adapters are apart.',
      severity: 'error',
      from: { path: PURE, pathNot: [TEST, LOADER, REDIS_ADAPTER] },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(assert|buffer|string_decoder|util|zlib)(/strict)?$' },
    },
    {
      name: 'pure-core-uses-few-packages',
      comment:
        'Parsing, schemas, seeded chance and time zones. A server, a logger or a database client does not belong.',
      severity: 'error',
      from: { path: PURE, pathNot: [TEST, REDIS_ADAPTER] },
      to: {
        path: 'node_modules/',
        pathNot: 'node_modules/(typebox|yaml|csv-parse|pure-rand|temporal-polyfill|@types/node)/',
      },
    },
    {
      name: 'pure-core-does-not-load',
      comment: 'Only the door offers loaders and Redis adapters; the code behind it never calls them.',
      severity: 'error',
      from: { path: PURE, pathNot: [TEST, LOADER, REDIS_ADAPTER, '/index\\.ts$'] },
      to: { path: [LOADER, REDIS_ADAPTER] },
    },
    {
      name: 'product-uses-no-dev-dependency',
      comment:
        'Who installs the package does not get devDependencies. Types alone are erased and allowed; what the console uses is bundled into it.',
      severity: 'error',
      from: { path: '^(tariffs|registry-cache|gateway|simulator)/', pathNot: [TEST, '^gateway/console/app/'] },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only', 'npm-peer'],
        pathNot: 'node_modules/@types/',
      },
    },
    {
      name: 'optional-peers-are-loaded-when-asked-for',
      comment:
        'Who does not use what they are for has not got them: a static import would end the process as it starts.',
      severity: 'error',
      from: { path: '^(tariffs|registry-cache|gateway|simulator)/', pathNot: TEST },
      to: { dependencyTypes: ['npm-peer'], dependencyTypesNot: ['type-only', 'dynamic-import'] },
    },
    {
      name: 'no-undeclared-package',
      comment: 'Each package we import is in package.json. Jest brings its `expect` along, in its own version.',
      severity: 'error',
      from: {},
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown'],
        // One that is a peer too is told to be in no package.json and in ours.
        dependencyTypesNot: ['npm-dev'],
        pathNot: '^node_modules/expect/',
      },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or lack a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'imports-resolve',
      comment: 'An import that cannot be followed cannot be checked.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Examples have what they use installed beside them.
    exclude: { path: '(^|/)(dist|coverage)/|^examples/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
