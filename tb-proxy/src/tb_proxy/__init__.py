"""tb-proxy"""
