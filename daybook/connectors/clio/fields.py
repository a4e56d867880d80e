"""What to ask Clio for, resource by resource."""

# What to ask for. Clio gives `id` and `etag` only unless told, also after writing; one nesting level; an unknown name
# is answered with 400 (fields page, read 2026-10). `redacted` is not asked for: it is not in the published file,
# and appears by itself (changelog 4.0.12, 2025-06-24).
USER_FIELDS = (
    "id,name,first_name,last_name,email,enabled,time_zone,default_calendar_id,rate,roles,subscription_type"
)
WHO_AM_I_FIELDS = f"{USER_FIELDS},account{{id,name}}"
CONTACT_FIELDS = (
    "id,etag,type,name,first_name,middle_name,last_name,prefix,title,is_client,updated_at,company{id,name},"
    "email_addresses{id,name,address,primary},phone_numbers{id,name,number,primary},"
    "addresses{id,name,street,city,province,postal_code,country,primary}"
)
CALENDAR_FIELDS = "id,etag,name,type,permission,visible,creator{id,name}"
ENTRY_FIELDS = (
    "id,etag,calendar_owner_id,start_at,end_at,start_date,end_date,all_day,summary,recurrence_rule,"
    "parent_calendar_entry_id,updated_at,permission,external_properties{id,name,value}"
)
MATTER_FIELDS = (
    "id,etag,display_number,description,status,client_reference,client{id,name},practice_area{id,name},"
    "responsible_attorney{id,name},updated_at"
)
PRACTICE_AREA_FIELDS = "id,name,code,category"
ACTIVITY_FIELDS = (
    "id,etag,type,date,quantity,rounded_quantity,price,total,note,billed,on_bill,non_billable,no_charge,updated_at,"
    "matter{id},user{id},calendar_entry{id},bill{id,state},activity_description{id,name}"
)
ACTIVITY_DESCRIPTION_FIELDS = "id,name,default,type,rate{amount,type}"
BILLING_FIELDS = (
    "rounding,use_decimal_rounding,currency,time_on_flat_rate_contingency_matters_is_non_billable"
)
WEBHOOK_FIELDS = "id,etag,url,model,events,fields,status,expires_at,shared_secret"
