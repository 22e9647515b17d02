"""Run tb-proxy: `python -m tb_proxy`."""

from services.web.serve import serve
from tb_proxy.main import create_app
from tb_proxy.settings import TbProxySettings

if __name__ == "__main__":
    # What is open here are pages that poll; they come back by themselves.
    serve(TbProxySettings, create_app, lambda s: (s.tb_proxy_host, s.tb_proxy_port), drain_s=5)
