import Hummingbird
import MartletAccess

extension WebRoutes {
  /// Signing in and out, users, tokens.
  func addAccessRoutes<Context: RequestContext>(_ table: PageTable<Context, some RouterMethods<Context>>) {
    table.route("/sign-in", needs: .open, SignInPage.show)
    table.submission("/sign-in", needs: .open, SignInPage.submit)
    table.submission("/sign-out", needs: .open, SignInPage.signOut)
    table.route("/setup", needs: .open, SetupPage.show)
    table.submission("/setup", needs: .open, SetupPage.submit)
    table.page("/users", needs: .to(.users, on: .somewhere), UsersPage.load)
    table.form("/users", needs: .to(.users, on: .everywhere), UsersPage.create)
    table.form("/users/:user/grant", needs: .to(.users, on: .somewhere), UsersPage.give)
    table.form("/users/:user/revoke", needs: .to(.users, on: .somewhere), UsersPage.take)
    table.form("/users/:user/disable", needs: .to(.users, on: .everywhere), UsersPage.shut(true))
    table.form("/users/:user/enable", needs: .to(.users, on: .everywhere), UsersPage.shut(false))
    table.page("/tokens", needs: .signedIn, TokensPage.load)
    table.submission("/tokens", needs: .signedIn, TokensPage.create)
    table.form("/tokens/:token/revoke", needs: .signedIn, TokensPage.revoke)
  }
}
