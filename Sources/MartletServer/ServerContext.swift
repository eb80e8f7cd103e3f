package import Hummingbird
package import MartletCore

/// What travels beside a request.
package struct ServerContext: RequestContext {
  package var coreContext: CoreRequestContextStorage
  /// Who asks. Until there are users, everyone on this machine is the same unauthenticated person.
  package var author: Author

  package init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    author = Author(name: "local", role: "unauthenticated")
  }
}
