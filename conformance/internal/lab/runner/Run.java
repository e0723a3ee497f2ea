import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Runs the tests of the classes it is given and writes one JSON line for each:
 * {"name","passed","output"}. A test is a public method without parameters and
 * result; its name is Class.method. One object of a class runs all its tests,
 * by name, and is closed after them when it is AutoCloseable.
 */
public final class Run {
  public static void main(String[] classes) throws Exception {
    PrintStream results = System.out;
    System.setOut(System.err); // what a test prints is no result
    for (String name : classes) {
      runClass(results, Class.forName(name));
    }
    System.exit(0); // a client may have left threads behind
  }

  private static void runClass(PrintStream results, Class<?> type) throws Exception {
    List<Method> tests = Arrays.stream(type.getDeclaredMethods()).filter(Run::isTest)
        .sorted(Comparator.comparing(Method::getName)).toList();
    Object object;
    try {
      object = type.getDeclaredConstructor().newInstance();
    } catch (InvocationTargetException e) {
      for (Method test : tests) {
        report(results, test, e.getCause());
      }
      return;
    }
    for (Method test : tests) {
      Throwable failure = null;
      long begin = System.nanoTime();
      try {
        test.invoke(object);
      } catch (InvocationTargetException e) {
        failure = e.getCause();
      }
      System.err.printf("%s.%s: %d ms%n", type.getName(), test.getName(), (System.nanoTime() - begin) / 1_000_000);
      report(results, test, failure);
    }
    if (object instanceof AutoCloseable closeable) {
      closeable.close();
    }
  }

  private static boolean isTest(Method m) {
    return Modifier.isPublic(m.getModifiers()) && !Modifier.isStatic(m.getModifiers()) && m.getParameterCount() == 0
        && m.getReturnType() == void.class && !m.getName().equals("close") && !m.isSynthetic();
  }

  private static void report(PrintStream results, Method test, Throwable failure) {
    StringWriter output = new StringWriter();
    if (failure != null) {
      failure.printStackTrace(new PrintWriter(output, true));
    }
    results.println("{\"name\":" + quote(test.getDeclaringClass().getSimpleName() + "." + test.getName())
        + ",\"passed\":" + (failure == null) + ",\"output\":" + quote(output.toString()) + "}");
    results.flush();
  }

  private static String quote(String s) {
    StringBuilder out = new StringBuilder("\"");
    for (char c : s.substring(0, Math.min(s.length(), 8000)).toCharArray()) {
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ' || c > '~') {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }
}
