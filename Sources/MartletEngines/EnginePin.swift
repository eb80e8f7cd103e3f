/// One engine as Martlet is tested with it: a wheel on the Python package index, known by its hash.
struct EnginePin: Sendable, Hashable {
  let name: String
  /// The name for people.
  let title: String
  let version: String
  /// SHA-256 of the wheel, hexadecimal.
  let sha256: String
  /// Members to keep of the wheel: files, or folders that end with "/".
  let members: [String]
  /// The library, relative to the engine's folder.
  let library: String
  /// The generated library that stands in for Python, relative to the engine's folder.
  var stub: String?
  /// The environment variable by which a user points to a library of their own.
  let override: String

  /// Which wheel `pip` is to choose, whatever Python it runs on.
  static let platformArguments = [
    "--python-version", "3.11", "--implementation", "cp", "--abi", "cp311", "--abi", "none",
    "--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_27_x86_64",
  ]

  static let duckdb = EnginePin(
    name: "duckdb", title: "DuckDB", version: "2.0.0",
    sha256: "5a3601121c7cc50d0b70412995634682fafcb58a0156d5d663dfd0b3bbe30a33",
    members: ["_duckdb.cpython-311-x86_64-linux-gnu.so", "duckdb-2.0.0.dist-info/"],
    library: "_duckdb.cpython-311-x86_64-linux-gnu.so", stub: "libpython-stub.so", override: "MARTLET_DUCKDB")

  /// The layout of the wheel is kept, so that libraries packed beside it are found.
  static let lightgbm = EnginePin(
    name: "lightgbm", title: "LightGBM", version: "4.7.0",
    sha256: "d23e922acd891e77212e4d0fbcee9ba973c96dee479491341d05ba595357ebb7",
    members: ["lightgbm/lib/", "lightgbm-4.7.0.dist-info/"],
    library: "lightgbm/lib/lib_lightgbm.so", override: "MARTLET_LIGHTGBM")

  static let all = [duckdb, lightgbm]
}
