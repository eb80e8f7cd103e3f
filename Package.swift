// swift-tools-version: 6.2
import PackageDescription

/// Every module follows the same rules: Swift 6 language mode, explicit existential types, imports
/// internal by default, and members visible only through what the file itself imports.
let house: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

func module(_ name: String, _ modules: [String] = [], products: [Target.Dependency] = [], resources: [Resource] = [])
  -> Target
{
  .target(
    name: name, dependencies: modules.map { .byName(name: $0) } + products, resources: resources,
    swiftSettings: house)
}

func tests(_ name: String, _ modules: [String], products: [Target.Dependency] = [], resources: [Resource] = [])
  -> Target
{
  .testTarget(
    name: name, dependencies: (modules + ["MartletTesting"]).map { .byName(name: $0) } + products,
    resources: resources, swiftSettings: house)
}

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
let hummingbirdTLS: Target.Dependency = .product(name: "HummingbirdTLS", package: "hummingbird")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let mustache: Target.Dependency = .product(name: "Mustache", package: "swift-mustache")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let collections: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let orderedCollections: Target.Dependency = .product(name: "OrderedCollections", package: "swift-collections")

/// What every domain module may stand on.
let ground = [
  "MartletModels", "MartletLedger", "MartletJobs", "MartletEngines", "MartletStore", "MartletArtifacts",
  "MartletStatistics",
]

/// The nouns of the loop; among themselves only Features → Data, Tuning → Tracking and Monitoring → Serving →
/// Registry are allowed.
let domain = [
  "MartletData", "MartletFeatures", "MartletPipelines", "MartletTracking", "MartletTuning", "MartletRegistry",
  "MartletServing", "MartletMonitoring", "MartletGovernance", "MartletGoals", "MartletAccess",
]

let package = Package(
  name: "martlet",
  products: [.executable(name: "martlet", targets: ["martlet"])],
  dependencies: [
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // Depends on nothing of ours.
    module("MartletCore"),

    // What the domain stands on.
    .target(name: "CMartletProcess"),
    .target(name: "CMartletEngines"),
    module("MartletStatistics", ["MartletCore"]),
    module("MartletArtifacts", ["MartletCore"], products: [crypto, httpClient, nioCore, nioPosix, nioHTTP1]),
    module("MartletStore", ["MartletCore"], products: [grdb, grdbSQLite, nioCore, nioPosix, logging]),
    module("MartletLedger", ["MartletCore", "MartletStore"], products: [crypto, nioPosix, logging]),
    module("MartletEngines", ["MartletCore", "CMartletEngines"], products: [crypto]),
    module("MartletJobs", ["MartletCore", "CMartletProcess"], products: [logging, nioCore, nioPosix]),
    module("MartletModels", ["MartletCore", "MartletStatistics"]),

    // The domain: one module for each noun of the loop.
    module("MartletData", ["MartletCore"] + ground, products: [nioPosix]),
    module("MartletFeatures", ["MartletCore", "MartletData"] + ground),
    module("MartletPipelines", ["MartletCore"] + ground, products: [yams, logging, crypto, nioPosix]),
    module("MartletTracking", ["MartletCore"] + ground, products: [logging]),
    module("MartletTuning", ["MartletCore", "MartletTracking", "MartletStatistics"]),
    module("MartletRegistry", ["MartletCore"] + ground, products: [crypto, nioPosix]),
    module(
      "MartletServing", ["MartletCore", "MartletRegistry"] + ground,
      products: [hummingbird, hummingbirdCore, lifecycle, nioCore, nioPosix, nioHTTP1, httpTypes, logging, httpClient]),
    module("MartletMonitoring", ["MartletCore", "MartletServing"] + ground, products: [logging]),
    module("MartletReplay", ["MartletCore"], products: [nioCore, nioPosix, nioHTTP1, yams]),
    module(
      "MartletExchange", ["MartletCore", "MartletStore", "MartletTracking", "MartletRegistry"],
      products: [httpClient, nioCore, nioPosix, nioHTTP1, yams, crypto]),
    module("MartletGovernance", ["MartletCore"] + ground),
    module("MartletGoals", ["MartletCore"] + ground),
    module("MartletAccess", ["MartletCore"] + ground, products: [crypto, cryptoExtras, nioPosix]),

    // The story, and its delivery.
    module(
      "MartletLifecycle", ["MartletCore"] + domain + ground,
      products: [logging, crypto, httpClient, nioCore, nioPosix, nioHTTP1]),
    module(
      "MartletMLflow", ["MartletCore", "MartletTracking", "MartletRegistry", "MartletAccess", "MartletArtifacts"],
      products: [hummingbird, nioCore, nioHTTP1, httpTypes, logging]),
    module(
      "MartletWeb", ["MartletCore", "MartletLifecycle"] + domain + ground,
      products: [hummingbird, mustache, nioCore, httpTypes], resources: [.copy("Templates"), .copy("Static")]),
    module(
      "MartletServer", ["MartletCore", "MartletLifecycle", "MartletMLflow", "MartletWeb"] + domain + ground,
      products: [
        hummingbird, hummingbirdCore, hummingbirdTLS, lifecycle, nioCore, nioPosix, nioHTTP1, nioSSL, httpTypes,
        logging,
        httpClient,
      ]),
    .executableTarget(
      name: "martlet",
      dependencies: (["MartletCore", "MartletLifecycle", "MartletServer", "MartletReplay", "MartletExchange"] + domain
        + ground).map { .byName(name: $0) }
        + [
          arguments, crypto, hummingbird, lifecycle, unixSignals, httpClient, nioCore, nioPosix, nioHTTP1, nioSSL,
          httpTypes, logging, yams,
        ],
      swiftSettings: house),

    // Tests mirror the modules.
    module(
      "MartletTesting", ["MartletCore", "MartletStore", "MartletEngines"],
      products: [logging, hummingbird, hummingbirdTesting, httpTypes, nioCore]),
    tests("MartletCoreTests", ["MartletCore"]),
    tests("MartletStatisticsTests", ["MartletCore", "MartletStatistics"], resources: [.copy("Reference")]),
    tests("MartletArtifactsTests", ["MartletCore", "MartletArtifacts"]),
    tests("MartletStoreTests", ["MartletCore", "MartletStore"]),
    tests("MartletLedgerTests", ["MartletCore", "MartletStore", "MartletLedger"], products: [logging]),
    tests("MartletEnginesTests", ["MartletCore", "MartletEngines"]),
    tests("MartletJobsTests", ["MartletCore", "MartletJobs"]),
    tests(
      "MartletModelsTests", ["MartletCore", "MartletModels", "MartletStatistics", "MartletEngines"],
      resources: [.copy("Reference")]),
    tests("MartletDataTests", ["MartletCore", "MartletData"] + ground),
    tests("MartletFeaturesTests", ["MartletCore", "MartletFeatures", "MartletData"] + ground),
    tests(
      "MartletPipelinesTests", ["MartletCore", "MartletPipelines"] + ground, products: [nioPosix],
      resources: [.copy("Scripts"), .copy("Examples")]),
    tests("MartletTrackingTests", ["MartletCore", "MartletTracking"] + ground, resources: [.copy("Scripts")]),
    tests("MartletTuningTests", ["MartletCore", "MartletTuning", "MartletStatistics"]),
    tests("MartletRegistryTests", ["MartletCore", "MartletRegistry"] + ground),
    tests(
      "MartletServingTests", ["MartletCore", "MartletServing"] + ground,
      products: [hummingbird, hummingbirdTesting, nioCore, nioHTTP1, nioPosix, httpTypes, httpClient, logging]),
    tests("MartletReplayTests", ["MartletCore", "MartletReplay"], products: [nioCore, nioPosix, hummingbird]),
    tests(
      "MartletExchangeTests", ["MartletCore", "MartletExchange", "MartletTracking", "MartletRegistry", "MartletStore"]),
    tests("MartletMonitoringTests", ["MartletCore", "MartletMonitoring", "MartletServing"] + ground),
    tests("MartletGovernanceTests", ["MartletCore", "MartletGovernance"] + ground),
    tests("MartletGoalsTests", ["MartletCore", "MartletGoals"] + ground),
    tests("MartletAccessTests", ["MartletCore", "MartletAccess"] + ground),
    tests(
      "MartletLifecycleTests", ["MartletCore", "MartletLifecycle"] + domain + ground,
      products: [hummingbird, httpTypes, nioCore, nioPosix, logging]),
    tests(
      "MartletMLflowTests",
      ["MartletCore", "MartletMLflow", "MartletTracking", "MartletRegistry", "MartletAccess"] + ground,
      products: [hummingbird, hummingbirdTesting, nioCore, nioPosix, httpTypes]),
    tests(
      "MartletWebTests", ["MartletCore", "MartletWeb", "MartletLifecycle"] + domain + ground,
      products: [hummingbird, hummingbirdTesting, httpTypes, logging, nioCore]),
    tests(
      "MartletServerTests", ["MartletCore", "MartletServer", "MartletLifecycle"] + domain + ground,
      products: [hummingbird, hummingbirdTesting, nioCore, httpTypes, logging]),
    tests("martletTests", ["martlet", "MartletCore", "MartletExchange"], products: [arguments]),
  ]
)
