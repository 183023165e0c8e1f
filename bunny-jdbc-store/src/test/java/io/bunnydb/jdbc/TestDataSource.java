package io.bunnydb.jdbc;

import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.logging.Logger;
import javax.sql.DataSource;

/** A data source without a pool, or with a pool of one. */
final class TestDataSource implements DataSource {
  private final Opener opener;

  private TestDataSource(Opener opener) {
    this.opener = opener;
  }

  /** Opens a connection each time, named so that the fixture finds one that was not closed. */
  static TestDataSource opening(String url, String user, String password) {
    return new TestDataSource(
        () -> DriverManager.getConnection(url + "?ApplicationName=bunny-store", user, password));
  }

  /** Gives the same connection each time, whose {@code close} does nothing. */
  static TestDataSource pooling(Connection only) {
    Connection pooled =
        (Connection)
            Proxy.newProxyInstance(
                TestDataSource.class.getClassLoader(),
                new Class<?>[] {Connection.class},
                (proxy, method, arguments) -> {
                  try {
                    return method.getName().equals("close") ? null : method.invoke(only, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
    return new TestDataSource(() -> pooled);
  }

  @Override
  public Connection getConnection() throws SQLException {
    return opener.open();
  }

  @Override
  public Connection getConnection(String user, String password) throws SQLException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public PrintWriter getLogWriter() throws SQLException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public void setLogWriter(PrintWriter writer) throws SQLException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public int getLoginTimeout() {
    return 0;
  }

  @Override
  public void setLoginTimeout(int seconds) throws SQLException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public Logger getParentLogger() throws SQLFeatureNotSupportedException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public boolean isWrapperFor(Class<?> type) {
    return false;
  }

  /** Where a connection comes from. */
  @FunctionalInterface
  private interface Opener {
    Connection open() throws SQLException;
  }
}
