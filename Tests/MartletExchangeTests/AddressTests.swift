import MartletCore
import MartletRegistry
import MartletTracking
import Testing

@testable import MartletExchange

@Suite("Addresses and schemas of another MLflow") struct AddressTests {
  @Test("A local address is a path, a served one is a path of its server, others are left where they are")
  func kinds() {
    #expect(ArtifactAddress.localPath("file:///a/b%20c") == "/a/b c")
    #expect(ArtifactAddress.localPath("./mlruns/0") == "./mlruns/0" && ArtifactAddress.localPath("/a") == "/a")
    #expect(ArtifactAddress.localPath("s3://b/1") == nil && ArtifactAddress.localPath("mlflow-artifacts:/1") == nil)
    #expect(ArtifactAddress.servedPath("mlflow-artifacts:/1/r/artifacts") == "1/r/artifacts")
    #expect(ArtifactAddress.servedPath("mlflow-artifacts://host:5000/1/r") == "1/r")
    #expect(ArtifactAddress.servedPath("s3://b/1") == nil)
  }

  @Test("A version's address tells whose files it has")
  func places() {
    let run = String(repeating: "a1", count: 16)
    #expect(ArtifactAddress.place("runs:/\(run)/model/x") == .init(run: run, path: "model/x"))
    #expect(ArtifactAddress.place("models:/m-12") == .init(loggedModel: "m-12"))
    #expect(ArtifactAddress.place("mlflow-artifacts:/1/\(run)/artifacts/model") == .init(run: run, path: "model"))
    #expect(ArtifactAddress.place("/srv/mlruns/1/models/m-12/artifacts") == .init(loggedModel: "m-12"))
    #expect(ArtifactAddress.place("s3://bucket/some/model") == nil)
    #expect(ArtifactAddress.place("models:/name/3") == nil)
  }

  @Test("A schema that is not known is refused with what is known")
  func schemas() throws {
    #expect(try DatabaseSchema("dc11669786a5").hasWorkspaces)
    let old = try DatabaseSchema("97727af70f4d")
    #expect(!old.hasAliases && !old.hasDatasets && !old.hasLoggedModels)
    let error = #expect(throws: MartletError.self) { try DatabaseSchema("ffffffffffff") }
    #expect(error?.code == .invalidInput && error?.cause?.contains("3.17.2") == true)
  }

  @Test("The name of a database does not show its password")
  func passwords() {
    #expect(DatabaseSource.withoutPassword("postgresql://u:p%40ss@host/db") == "postgresql://u@host/db")
    #expect(DatabaseSource.withoutPassword("postgresql://u@host/db") == "postgresql://u@host/db")
    #expect(
      DatabaseSource.withoutPassword("mysql://h/db?user=u&password=p&charset=x")
        == "mysql://h/db?user=u&password=…&charset=x")
    #expect(DatabaseSource.withoutPassword("sqlite:////a/b.db") == "sqlite:////a/b.db")
  }

  @Test("Lines of a metric's file: a time, a value, a step, and what follows")
  func lines() throws {
    #expect(
      try ImportedPoint(line: "1700000000000 0.5 3", key: "k")
        == ImportedPoint(key: "k", value: 0.5, timestamp: 1_700_000_000_000, step: 3))
    #expect(try ImportedPoint(line: "1 nan 2", key: "k").value.isNaN)
    #expect(try ImportedPoint(line: "1 -inf", key: "k").value == -.infinity)
    #expect(try ImportedPoint(line: "1 2.0 7 train abc", key: "k").step == 7)
    for wrong in ["", "x", "1", "1 x 2"] {
      #expect(throws: MartletError.self) { try ImportedPoint(line: wrong, key: "k") }
    }
  }
}
