"""The environment's proxies mean what they mean to Go's clients.

The expectations are what `net/http.ProxyFromEnvironment` of Go answered.
"""

import pytest

from virtslo.kube.proxies import environment_proxy

FIRST = "10.0.0.0/8,.corp.example,fd00::/8,[fd00::1]"
SECOND = "apex.test,*.star.test,port.test:6443,192.168.7.7:8443,upper.test,dot.test"
THIRD = "[2001:db8::5]:6443, ,, CORP.EXAMPLE ,::ffff:10.1.1.1,x/y"


@pytest.mark.parametrize(
    ("url", "no_proxy", "is_direct"),
    [
        ("https://10.1.2.3:6443", FIRST, True),
        ("https://[::ffff:10.1.1.1]:6443", FIRST, True),
        ("https://10.0.0.1.example:6443", FIRST, False),
        ("https://api.corp.example:6443", FIRST, True),
        ("https://corp.example:6443", FIRST, False),
        ("https://xcorp.example:6443", FIRST, False),
        ("https://[fd00::1]:6443", FIRST, True),
        ("https://api.other.example:6443", FIRST, False),
        ("https://localhost.corp2.example:6443", FIRST, False),
        ("https://localhost:6443", "", True),
        ("https://127.9.9.9:6443", "", True),
        ("https://[::1]:6443", "", True),
        ("https://apex.test:6443", SECOND, True),
        ("https://sub.apex.test:6443", SECOND, True),
        ("https://sub.star.test:6443", SECOND, True),
        ("https://star.test:6443", SECOND, False),
        ("https://port.test:6443", SECOND, True),
        ("https://port.test", SECOND, False),
        ("https://192.168.7.7:8443", SECOND, True),
        ("https://192.168.7.7:6443", SECOND, False),
        ("https://UPPER.Test:6443", SECOND, True),
        ("https://dot.test.:6443", SECOND, False),
        ("https://[2001:db8::5]:6443", THIRD, True),
        ("https://[2001:db8::5]:6444", THIRD, False),
        ("https://api.corp.example:6443", THIRD, True),
        ("https://10.1.1.1:6443", THIRD, True),
        ("https://anything:6443", "*", True),
        ("https://LOCALHOST:6443", "", False),
        ("https://bücher.example", "xn--bcher-kva.example", True),
        ("https://xn--bcher-kva.example", "bücher.example", True),
        ("https://10.0.0.1", "10.0.0.0/255.0.0.0", False),
        ("https://10.0.0.1", "::ffff:10.0.0.0/104", True),
        ("https://11.0.0.1", "::ffff:10.0.0.0/104", False),
    ],
)
def test_no_proxy_names_what_it_names_to_go(url: str, no_proxy: str, is_direct: bool) -> None:
    found = environment_proxy(url, {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": no_proxy})

    assert found == (None if is_direct else "http://proxy:3128")


def test_the_scheme_chooses_the_variable_and_capitals_come_first() -> None:
    variables = {"https_proxy": "low:1", "HTTPS_PROXY": "high:1", "http_proxy": "plain:1"}

    assert environment_proxy("https://host", variables) == "http://high:1"
    assert environment_proxy("http://host", variables) == "http://plain:1"
    assert environment_proxy("https://host", {}) is None
